import { expect, test } from 'vitest';
import { dot, rowOf } from './dense.ts';
import { applySpectral, symmetricEigen } from './eigen.ts';
import { normalNumbers } from './gaussian.ts';
import { seededRandom } from './random.ts';

function symmetric(size: number, seed: number): Float64Array {
  const normal = normalNumbers(seededRandom(seed));
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= row; column++) matrix[row * size + column] = matrix[column * size + row] = normal();
  return matrix;
}

test('the eigenvalues of a path of springs are known in closed form', () => {
  const size = 40;
  const matrix = new Float64Array(size * size);
  for (let index = 0; index < size; index++) {
    matrix[index * size + index] = 2;
    if (index > 0) matrix[index * size + index - 1] = matrix[(index - 1) * size + index] = -1;
  }
  const { values } = symmetricEigen(matrix, size);
  values.forEach((value, index) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((size - index) * Math.PI) / (size + 1)), 12));
});

test.each([1, 2, 3, 17, 60])('vectors of a random matrix of size %i are orthonormal and are only stretched', (size) => {
  const matrix = symmetric(size, size);
  const { values, vectors } = symmetricEigen(matrix, size);
  for (let k = 0; k < size; k++) {
    const vector = rowOf(vectors, size, k);
    for (let row = 0; row < size; row++) expect(dot(rowOf(matrix, size, row), vector)).toBeCloseTo(values[k]! * vector[row]!, 10);
    for (let other = 0; other < size; other++) expect(dot(vector, rowOf(vectors, size, other))).toBeCloseTo(Number(k === other), 10);
  }
});

test('matrices that are diagonal, of low rank, or zero', () => {
  expect([...symmetricEigen(Float64Array.of(3, 0, 0, 0, -1, 0, 0, 0, 7), 3).values]).toEqual([7, 3, -1]);
  expect([...symmetricEigen(new Float64Array(16), 4).values]).toEqual([0, 0, 0, 0]);
  const ones = symmetricEigen(new Float64Array(25).fill(1), 5).values;
  expect(ones[0]).toBeCloseTo(5, 12);
  ones.subarray(1).forEach((value) => expect(value).toBeCloseTo(0, 12));
});

test('a function of a matrix times a vector, without its eigenvectors', () => {
  const size = 23;
  const matrix = symmetric(size, 5);
  const vector = Float64Array.from({ length: size }, (_, index) => Math.sin(index));
  const square = applySpectral(matrix, size, (value) => value * value, vector);
  const once = Float64Array.from({ length: size }, (_, row) => dot(rowOf(matrix, size, row), vector));
  square.forEach((value, row) => expect(value).toBeCloseTo(dot(rowOf(matrix, size, row), once), 10));
});
