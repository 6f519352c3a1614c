/** Rows less their mean, in the form that products are taken with. */
import { meanRow } from '../numerics/dense.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import type { Rows } from './row-reader.ts';

export function centredMatrix({ rows, count, width }: Rows): { matrix: RowMatrix; mean: Float64Array } {
  const mean = meanRow(rows, count, width);
  const matrix = new RowMatrix(count, width);
  for (let row = 0; row < count; row++) {
    const into = matrix.row(row);
    for (let column = 0; column < width; column++) into[column] = rows[row * width + column]! - mean[column]!;
  }
  return { matrix, mean };
}
