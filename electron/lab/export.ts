/** Writes items as JSONL or CSV: to a temporary file first, so that no half-written export is ever left under its name. */
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { encodeJson } from '../../db/json.ts';
import type { ItemRecord, RunRecord } from '../../db/records.ts';
import type { Store } from '../../db/store.ts';
import { LabError } from '../../probes/lab-error.ts';

export type ExportFormat = 'jsonl' | 'csv';

const csvColumns = [
  'session',
  'run',
  'probe',
  'model',
  'data',
  'item',
  'cluster',
  'category',
  'title',
  'outcome',
  'verdict',
  'value',
  'margin',
  'chance',
  'reason',
];

/**
 * One line an item (JSONL, with prompts, token ids and log-probabilities) or one row an outcome (CSV).
 * @throws LabError `file-exists`, `file-unwritable`, `disk-full`
 */
export function exportRuns(
  store: Store,
  runs: readonly RunRecord[],
  format: ExportFormat,
  file: string,
  overwrite = false,
): { path: string; items: number; bytes: number } {
  const target = path.resolve(file);
  if (!overwrite && existsSync(target)) throw new LabError('file-exists', `${target} exists`, 'Choose another name; nothing was written.');
  const temporary = `${target}.${process.pid}.partial`;
  let items = 0;
  try {
    const descriptor = openSync(temporary, 'wx');
    try {
      if (format === 'csv') writeSync(descriptor, stringify([csvColumns]));
      for (const run of runs) {
        for (const item of store.items.all(run.id)) {
          writeSync(descriptor, format === 'jsonl' ? `${jsonLine(run, item)}\n` : csvRows(run, item));
          items += 1;
        }
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (overwrite) rmSync(target, { force: true });
    // A link fails where the name was taken meanwhile; a rename would replace it.
    linkSync(temporary, target);
    return { path: target, items, bytes: statSync(target).size };
  } catch (thrown) {
    if (thrown instanceof LabError || !(thrown instanceof Error) || !('code' in thrown)) throw thrown;
    if (thrown.code === 'ENOSPC')
      throw new LabError(
        'disk-full',
        `${target}: no space is left`,
        'Free some space or choose another disk; the partial file was removed.',
        { cause: thrown },
      );
    if (thrown.code === 'EEXIST')
      throw new LabError('file-exists', `${target} exists`, 'Choose another name; nothing was written.', { cause: thrown });
    throw new LabError(
      'file-unwritable',
      `${target} cannot be written: ${thrown.message}`,
      'Choose a folder that exists and that you may write to.',
      { cause: thrown },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** One item as one JSON object. Log-probabilities are natural logarithms; numbers that are not finite are written as {"$number":"NaN"}. */
export function jsonLine(run: RunRecord, item: ItemRecord): string {
  return encodeJson({
    run: run.id,
    probe: run.probe,
    model: run.model.name,
    data: run.dataSource,
    id: item.id,
    cluster: item.cluster,
    category: item.category,
    title: item.title,
    answers: item.answers,
    outcomes: item.outcomes,
    replies: item.replies.map((reply) =>
      reply.kind === 'score'
        ? {
            ...reply,
            continuations: reply.continuations.map((one) => ({ ...one, logprob: one.logprobs.reduce((sum, value) => sum + value, 0) })),
          }
        : reply,
    ),
  });
}

function csvRows(run: RunRecord, item: ItemRecord): string {
  const rows = item.outcomes.map((outcome) => [
    run.sessionTitle,
    run.id,
    run.probe,
    run.model.name,
    run.dataSource,
    item.id,
    item.cluster,
    item.category,
    item.title,
    outcome.name,
    outcome.verdict,
    outcome.value ?? '',
    outcome.margin ?? '',
    outcome.chance ?? '',
    outcome.reason,
  ]);
  // A spreadsheet must not take a question or a title for a formula.
  return stringify(rows, { escape_formulas: true, cast: { number: String } });
}
