/** Opens whatever a user names: an embedded model, the folder of an export or of a checkpoint, or an .onnx file. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { LabError } from '../probes/lab-error.ts';
import { embeddedModel } from './catalog.ts';
import { isCheckpoint, openCheckpoint } from './checkpoints/open.ts';
import { withCache } from './exports/merged.ts';
import { openExport } from './exports/open.ts';
import { plainOptions, type Model, type OpenOptions } from './model.ts';
import { openPictureModel } from './open-image-model.ts';
import { openLanguageModel } from './open-language-model.ts';
import type { OpenedModel } from './opened.ts';
import { permuteWeights } from './permute.ts';

/**
 * @param source name of an embedded model, a folder, or an .onnx file
 * @throws LabError with one of the codes `model-…`, `tokenizer-missing`, `device-unavailable`, `self-check-failed`
 */
export async function openModel(source: string, options: OpenOptions = plainOptions): Promise<Model> {
  const opened = readModel(source);
  if (takesPictures(opened)) return openPictureModel(opened, options);
  return openLanguageModel(await withCache(opened, options.threads), options);
}

/** A vision transformer without a head is an encoder of pictures. */
function takesPictures({ task, model }: OpenedModel): boolean {
  return task === 'image-classifier' || model.graph.inputs.some(({ name }) => name === 'pixel_values');
}

/** Reads a model's graph, and none of its weights. */
export function readModel(source: string): OpenedModel {
  const embedded = embeddedModel(source);
  const place = path.resolve(embedded?.folder ?? source);
  if (!existsSync(place)) throw new LabError('model-not-found', `${place} does not exist`, 'Check the path, or choose the folder again.');
  const opened = isCheckpoint(place) ? openCheckpoint(place) : openExport(place);
  if (embedded?.permuted == null) return opened;
  return { ...opened, model: permuteWeights(opened.model, opened.graphFile, opened.weightFolder, embedded.permuted) };
}
