import { expect, test } from 'vitest';
import { dot } from './dense.ts';
import { normalNumbers } from './gaussian.ts';
import { seededRandom } from './random.ts';
import { RowMatrix } from './row-matrix.ts';
import { spanOf } from './span.ts';

test.each([
  ['independent rows', false],
  ['rows of which two are the same and one is the sum of others', true],
])('coordinates keep lengths and angles, and what is lifted has the same products: %s', (_, dependent) => {
  const [count, width] = [9, 40];
  const normal = normalNumbers(seededRandom(1));
  const rows = Float32Array.from({ length: count * width }, normal);
  if (dependent) {
    rows.copyWithin(4 * width, 2 * width, 3 * width);
    for (let column = 0; column < width; column++) rows[8 * width + column] = rows[column]! + rows[width + column]!;
  }
  const matrix = RowMatrix.of(rows, count, width);
  const { coordinates, lift } = spanOf(matrix);
  for (let a = 0; a < count; a++)
    for (let b = 0; b < count; b++) expect(dot(coordinates.row(a), coordinates.row(b))).toBeCloseTo(dot(matrix.row(a), matrix.row(b)), 3);
  const point = Float64Array.from({ length: count }, normal);
  const lifted = lift(point);
  for (let row = 0; row < count; row++) expect(dot(matrix.row(row), lifted)).toBeCloseTo(dot(coordinates.row(row), point), 3);
});
