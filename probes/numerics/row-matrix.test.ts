import { describe, expect, test } from 'vitest';
import { gramOfColumns, gramOfRows } from './gram.ts';
import { normalNumbers } from './gaussian.ts';
import { seededRandom } from './random.ts';
import { RowMatrix } from './row-matrix.ts';
import { panelColumns } from './simd-module.ts';

function numbers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, normalNumbers(seededRandom(seed)));
}

/** Shapes whose rows or columns do not fill the kernel's blocks, too, and one of several blocks. */
const shapes = [
  [1, 1],
  [3, 5],
  [8, 4],
  [13, 30],
  [70, 1037],
] as const;

describe.each(shapes)('%i rows of width %i against plain sums', (count, width) => {
  const rows = numbers(count * width, 1);
  const theta = numbers(width * panelColumns, 2);
  const weights = numbers(count * panelColumns, 3);
  const matrix = RowMatrix.of(rows, count, width);

  const product = (row: number, column: number): number => {
    let sum = 0;
    for (let index = 0; index < width; index++) sum += rows[row * width + index]! * theta[index * panelColumns + column]!;
    return sum;
  };
  const weighted = (index: number, column: number): number => {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += rows[row * width + index]! * weights[row * panelColumns + column]!;
    return sum;
  };

  test('products', () => {
    const found = matrix.project(theta);
    expect(found).toHaveLength(count * panelColumns);
    found.forEach((value, at) => expect(value).toBeCloseTo(product(Math.floor(at / panelColumns), at % panelColumns), 3));
  });

  test('weighted sums', () => {
    const found = matrix.accumulate(weights);
    expect(found).toHaveLength(width * panelColumns);
    found.forEach((value, at) => expect(value).toBeCloseTo(weighted(Math.floor(at / panelColumns), at % panelColumns), 3));
  });

  test('both in one pass', () => {
    const seen = new Set<number>();
    const found = matrix.sweep(theta, (first, rowCount, products, blockWeights) => {
      for (let row = 0; row < rowCount; row++) {
        seen.add(first + row);
        for (let column = 0; column < panelColumns; column++) {
          expect(products[row * panelColumns + column]).toBeCloseTo(product(first + row, column), 3);
          blockWeights[row * panelColumns + column] = weights[(first + row) * panelColumns + column]!;
        }
      }
    });
    expect(seen.size).toBe(count);
    found.forEach((value, at) => expect(value).toBeCloseTo(weighted(Math.floor(at / panelColumns), at % panelColumns), 3));
  });
});

test('products of rows and of columns with each other', () => {
  const [count, width] = [17, 14];
  const rows = numbers(count * width, 4);
  const matrix = RowMatrix.of(rows, count, width);
  const at = (row: number, column: number): number => rows[row * width + column]!;
  const sum = (length: number, term: (index: number) => number): number =>
    Array.from({ length }, (_, index) => term(index)).reduce((total, value) => total + value, 0);
  gramOfRows(matrix).forEach((value, index) => {
    const [a, b] = [Math.floor(index / count), index % count];
    expect(value).toBeCloseTo(
      sum(width, (column) => at(a, column) * at(b, column)),
      4,
    );
  });
  gramOfColumns(matrix).forEach((value, index) => {
    const [a, b] = [Math.floor(index / width), index % width];
    expect(value).toBeCloseTo(
      sum(count, (row) => at(row, a) * at(row, b)),
      4,
    );
  });
});
