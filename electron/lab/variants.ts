/** The graphs that a user may choose from in one folder. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { listVariants } from '../../native-models/exports/variants.ts';
import type { ModelVariant } from '../rpc/contract.ts';
import { modelRef } from './engines.ts';

/** @param source a model's, or that of one of its variants; embedded models have none */
export function variantsOf(source: string): { folder: string; variants: ModelVariant[] } {
  const ref = modelRef(source);
  if (ref.embedded) return { folder: ref.source, variants: [] };
  const folder = folderOf(ref.source);
  return { folder, variants: listVariants(folder).map(({ name, file, bytes }) => ({ name, source: file, bytes })) };
}

/** A graph lies in its model's folder, or in a folder `onnx` below it. */
function folderOf(source: string): string {
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory() !== false) return source;
  const folder = path.dirname(source);
  return path.basename(folder).toLowerCase() === 'onnx' ? path.dirname(folder) : folder;
}
