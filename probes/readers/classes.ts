/** Rows by label: means of both classes, and the rows less the mean of theirs. */
import { addScaled, meanRow } from '../numerics/dense.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import type { LabelledRows } from './row-reader.ts';

export interface Classes {
  readonly trueMean: Float64Array;
  readonly falseMean: Float64Array;
  readonly trueCount: number;
}

export function classesOf({ rows, count, width, labels }: LabelledRows): Classes {
  return {
    trueMean: meanRow(rows, count, width, (row) => labels[row] === 1),
    falseMean: meanRow(rows, count, width, (row) => labels[row] !== 1),
    trueCount: labels.reduce((sum, label) => sum + Number(label === 1), 0),
  };
}

/** Rows of the chosen classes, each less the mean of its class. */
export function withinClass(
  { rows, count, width, labels }: LabelledRows,
  { trueMean, falseMean }: Classes,
  keep: readonly (0 | 1)[],
): RowMatrix {
  const kept = Array.from({ length: count }, (_, row) => row).filter((row) => keep.includes(labels[row] === 1 ? 1 : 0));
  const matrix = new RowMatrix(kept.length, width);
  kept.forEach((row, place) => {
    const mean = labels[row] === 1 ? trueMean : falseMean;
    const into = matrix.row(place);
    for (let column = 0; column < width; column++) into[column] = rows[row * width + column]! - mean[column]!;
  });
  return matrix;
}

/** Xᵀ · weights in double precision. */
export function rowsWeighted(matrix: RowMatrix, weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(matrix.width);
  for (let row = 0; row < matrix.count; row++) addScaled(sum, weights[row]!, matrix.row(row));
  return sum;
}
