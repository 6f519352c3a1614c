/** The images that a run has seen: where their files lie, and what the model saw in them. */
import path from 'node:path';
import type { ItemRecord, RunRecord } from '../../db/records.ts';
import type { Store } from '../../db/store.ts';
import type { Thumbnails } from '../../native-models/vision/thumbnail-process.ts';
import { LabError, reportOf } from '../../probes/lab-error.ts';
import { probeNamed } from '../../probes/registry.ts';
import type { ClassifyReply } from '../../probes/request.ts';
import type { Output, SeenImage } from '../rpc/contract.ts';
import { isFolder } from './images.ts';

export function isOfImages(run: Pick<RunRecord, 'probe'>): boolean {
  return probeNamed(run.probe).accepts.includes('images');
}

/** What the model saw, and what is right; null for items that are no image. */
export function seenImage({ replies }: Pick<ItemRecord, 'replies'>): SeenImage | null {
  const reply = classifyReply(replies);
  return reply === null ? null : { seen: reply.top[0] ?? null, right: reply.label, refused: reply.refused };
}

/**
 * A small copy of an item's image. Only files that a stored item of the run names are read: what the window asks for is a number.
 * @returns the reason in place of the picture where the file cannot be shown
 * @throws LabError `not-found`; `usage` for an item that is no image; `cancelled`
 */
export async function thumbnailOf(
  store: Store,
  thumbnails: Thumbnails,
  { runId, index, size }: { readonly runId: string; readonly index: number; readonly size: number },
  signal: AbortSignal,
): Promise<Output<'images.thumbnail'>> {
  const run = store.runs.get(runId);
  const item = store.items.get(runId, index);
  if (!isOfImages(run) || classifyReply(item.replies) === null)
    throw new LabError('usage', `item ${index} of run "${runId}" is no image`, 'Ask for items of an image probe.');
  try {
    return { bytes: await thumbnails.make(fileOf(run, item), size, signal), type: 'image/webp' };
  } catch (thrown) {
    signal.throwIfAborted();
    return { error: reportOf(thrown) };
  }
}

/** Items are named by their paths relative to the data's folder, or to the folder of the CSV that lists them. */
function fileOf({ dataSource }: RunRecord, { id }: ItemRecord): string {
  return path.resolve(isFolder(dataSource) ? dataSource : path.dirname(dataSource), id);
}

function classifyReply(replies: ItemRecord['replies']): ClassifyReply | null {
  return replies.find((reply) => reply.kind === 'classify') ?? null;
}
