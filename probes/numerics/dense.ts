/** Vectors and row-major matrices in double precision: the small operations that the readers are put together from. */

type Numbers = Float64Array | Float32Array;

export function dot(a: Numbers, b: Numbers): number {
  // Two sums hide the latency of addition.
  let even = 0;
  let odd = 0;
  const length = a.length;
  const paired = length - (length % 2);
  for (let index = 0; index < paired; index += 2) {
    even += a[index]! * b[index]!;
    odd += a[index + 1]! * b[index + 1]!;
  }
  return paired < length ? even + odd + a[paired]! * b[paired]! : even + odd;
}

export function norm(a: Numbers): number {
  return Math.sqrt(dot(a, a));
}

/** `a += factor · b` */
export function addScaled(a: Float64Array, factor: number, b: Numbers): void {
  const length = a.length;
  for (let index = 0; index < length; index++) a[index]! += factor * b[index]!;
}

export function scaled(a: Numbers, factor: number): Float64Array {
  return Float64Array.from(a, (value) => value * factor);
}

export function difference(a: Numbers, b: Numbers): Float64Array {
  return Float64Array.from(a, (value, index) => value - b[index]!);
}

/** Row `index` of a row-major matrix, as a view. */
export function rowOf<T extends Numbers>(rows: T, width: number, index: number): T {
  return rows.subarray(index * width, (index + 1) * width) as T;
}

/** Mean of the rows, or of those that `keep` names. */
export function meanRow(rows: Numbers, count: number, width: number, keep: (row: number) => boolean = () => true): Float64Array {
  const mean = new Float64Array(width);
  let kept = 0;
  for (let row = 0; row < count; row++) {
    if (!keep(row)) continue;
    const from = row * width;
    for (let column = 0; column < width; column++) mean[column]! += rows[from + column]!;
    kept++;
  }
  for (let column = 0; column < width; column++) mean[column]! /= kept;
  return mean;
}

/** Each row times a vector. */
export function rowsTimes(rows: Numbers, count: number, width: number, vector: Numbers): Float64Array {
  const products = new Float64Array(count);
  for (let row = 0; row < count; row++) products[row] = dot(rowOf(rows, width, row), vector);
  return products;
}

/** Sum of the rows, each times its weight. */
export function weightedRows(rows: Numbers, count: number, width: number, weights: Numbers): Float64Array {
  const sum = new Float64Array(width);
  for (let row = 0; row < count; row++) addScaled(sum, weights[row]!, rowOf(rows, width, row));
  return sum;
}

/** Mean and standard deviation (divided by n) of each column; a column that does not vary has deviation 1, so that it may be divided by. */
export function columnScales(rows: Numbers, count: number, width: number): { mean: Float64Array; deviation: Float64Array } {
  const mean = meanRow(rows, count, width);
  const squares = new Float64Array(width);
  const sizes = new Float64Array(width);
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < width; column++) {
      const value = rows[row * width + column]!;
      const offset = value - mean[column]!;
      squares[column]! += offset * offset;
      sizes[column] = Math.max(sizes[column]!, Math.abs(value));
    }
  }
  const deviation = squares.map((sum, column) => {
    const found = Math.sqrt(sum / count);
    // What is left over of a constant by rounding is no deviation.
    return found > 1e-12 * sizes[column]! ? found : 1;
  });
  return { mean, deviation };
}
