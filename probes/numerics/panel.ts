/** Vectors side by side as the columns of a panel, length × 12, row-major: the form in which `RowMatrix` takes and gives them. */
import { panelColumns } from './simd-module.ts';

/** At most twelve vectors; columns without one are zero. */
export function packed(vectors: readonly (Float64Array | Float32Array)[], length: number): Float32Array {
  const panel = new Float32Array(length * panelColumns);
  for (let column = 0; column < vectors.length; column++) {
    const vector = vectors[column]!;
    for (let index = 0; index < length; index++) panel[index * panelColumns + column] = vector[index]!;
  }
  return panel;
}

/** The first columns of a panel as vectors. */
export function unpacked(panel: Float32Array, length: number, columns: number): Float64Array[] {
  return Array.from({ length: columns }, (_, column) => {
    const vector = new Float64Array(length);
    for (let index = 0; index < length; index++) vector[index] = panel[index * panelColumns + column]!;
    return vector;
  });
}
