/** Finds the names of an image model's classes in its files; what the files mean is told in `probes/classify/labels.ts`. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { namesFromConfig, parseNames, type ClassNames } from '../../probes/classify/labels.ts';
import { LabError } from '../../probes/lab-error.ts';
import type { OpenedModel } from '../opened.ts';

/** Looked for in this order, beside a bare .onnx file or in the model's folder. */
export const labelFiles = ['labels.txt', 'labels.json', 'imagenet_class_index.json'] as const;

/**
 * @param given a file that the user names; it goes before all others
 * @returns null where nothing tells the names
 * @throws LabError `labels-unreadable`
 */
export function findClassNames(opened: Pick<OpenedModel, 'config' | 'folder'>, given: string | null): ClassNames | null {
  if (given !== null) return readNames(path.resolve(given));
  const names = namesFromConfig(opened.config);
  if (names !== null) return names;
  const folder = opened.folder.endsWith('.onnx') ? path.dirname(opened.folder) : opened.folder;
  const file = labelFiles.map((name) => path.join(folder, name)).find((candidate) => existsSync(candidate));
  return file === undefined ? null : readNames(file);
}

function readNames(file: string): ClassNames {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (thrown) {
    throw new LabError('labels-unreadable', `${file} cannot be read: ${String(thrown)}`, 'Check the path.', { cause: thrown });
  }
  try {
    return parseNames(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file);
  } catch (thrown) {
    if (thrown instanceof LabError) throw thrown;
    throw new LabError('labels-unreadable', `${file} is not UTF-8`, 'Save the file as UTF-8.', { cause: thrown });
  }
}
