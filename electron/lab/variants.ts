/** The graphs that a user may choose from in one folder. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { listVariants } from '../../native-models/exports/variants.ts';
import type { Variants } from '../rpc/contract.ts';
import { modelRef } from './engines.ts';

/** @param source a model's, or that of one of its variants; embedded models have none, and nor has a folder that is not there */
export function variantsOf(source: string): Variants {
  const ref = modelRef(source);
  if (ref.embedded) return { folder: ref.source, chosen: null, variants: [] };
  const isFile = statSync(ref.source, { throwIfNoEntry: false })?.isFile() === true;
  const folder = isFile ? folderOf(ref.source) : ref.source;
  const variants = listVariants(folder).map(({ name, file, bytes }) => ({ name, source: file, bytes }));
  return { folder, chosen: isFile ? ref.source : null, variants };
}

/** A graph lies in its model's folder, or in a folder `onnx` below it. */
function folderOf(file: string): string {
  const folder = path.dirname(file);
  return path.basename(folder).toLowerCase() === 'onnx' ? path.dirname(folder) : folder;
}
