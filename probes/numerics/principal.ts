/**
 * First principal components by a block Krylov space with Rayleigh and Ritz: a dozen products with the matrix at a time,
 * and as many blocks as the leading components need to settle.
 * Source: C. Musco and C. Musco, Randomized Block Krylov Methods, NeurIPS 2015 (arXiv 1504.05477), with every block orthogonalised against
 * all before it, as in block Lanczos.
 */
import { addScaled, dot, norm, rowOf } from './dense.ts';
import { symmetricEigen } from './eigen.ts';
import { normalNumbers } from './gaussian.ts';
import { packed, unpacked } from './panel.ts';
import { seededRandom } from './random.ts';
import type { RowMatrix } from './row-matrix.ts';
import { panelColumns } from './simd-module.ts';

export interface Components {
  /** One row a component, of length one, its entry of largest size positive. */
  readonly directions: Float64Array;
  /** Variance along each (divided by the number of rows), largest first. */
  readonly variances: Float64Array;
  /** Estimate, from below, of the variance of the component after the last one; 0 where there is none. */
  readonly nextVariance: number;
  /** Of the least settled component: |A v − λ v| as a share of the largest eigenvalue. Above 1e-5 the search has run out of turns. */
  readonly residual: number;
}

/** Far above what single-precision products leave, far below what a direction is used for. */
const settled = 1e-5;
/** What is left of a vector after orthogonalisation counts as rounding below this share. */
const rounding = 1e-6;
const maximumBlocks = 20;

/**
 * @param matrix rows whose mean is zero
 * @param wanted components; fewer come back where the matrix has no more
 */
export function principalComponents(matrix: RowMatrix, wanted: number, seed: number): Components {
  const { count, width } = matrix;
  // The shorter side has the smaller basis: X Xᵀ and Xᵀ X share their eigenvalues.
  const byRows = count < width;
  const size = byRows ? count : width;
  const apply = byRows ? applyToRows : applyToColumns;
  const basis: Float64Array[] = [];
  const projected: Float64Array[] = [];
  let block = orthonormalised(randomBlock(size, seed), basis, 1);
  let ritz: { values: Float64Array; vectors: Float64Array } = { values: new Float64Array(0), vectors: new Float64Array(0) };
  let residual = Infinity;
  for (let step = 0; step < maximumBlocks && block.length > 0; step++) {
    basis.push(...block);
    const images = apply(matrix, block);
    projected.push(...images.map((image) => Float64Array.from(basis, (vector) => dot(vector, image))));
    ritz = symmetricEigen(symmetricFrom(projected), basis.length);
    const largest = ritz.values[0]!;
    if (largest <= 0) break;
    const next = images.map((image) => Float64Array.from(image));
    const leftOver = next.map((image) => orthogonalise(image, basis));
    residual = worstResidual(ritz.vectors, basis.length, leftOver, Math.min(wanted, basis.length)) / largest;
    if (basis.length >= wanted && residual <= settled) break;
    block = orthonormalised(leftOver, basis, largest).slice(0, size - basis.length);
  }
  if (block.length === 0) residual = 0;
  return finish(matrix, basis, ritz, wanted, residual, byRows);
}

function randomBlock(size: number, seed: number): Float64Array[] {
  const normal = normalNumbers(seededRandom(seed));
  return Array.from({ length: Math.min(panelColumns, size) }, () => Float64Array.from({ length: size }, normal));
}

function applyToColumns(matrix: RowMatrix, block: readonly Float64Array[]): Float64Array[] {
  const sums = matrix.sweep(packed(block, matrix.width), (_first, rows, products, weights) =>
    weights.set(products.subarray(0, rows * panelColumns)),
  );
  return unpacked(sums, matrix.width, block.length);
}

function applyToRows(matrix: RowMatrix, block: readonly Float64Array[]): Float64Array[] {
  const sums = matrix.accumulate(packed(block, matrix.count));
  return unpacked(matrix.project(sums), matrix.count, block.length);
}

/** Takes out of a vector what the basis spans; twice, since once leaves rounding behind. */
function orthogonalise(vector: Float64Array, basis: readonly Float64Array[]): Float64Array {
  for (let pass = 0; pass < 2; pass++) for (const other of basis) addScaled(vector, -dot(other, vector), other);
  return vector;
}

/** Orthonormal vectors with the span of `vectors`, which are orthogonal to the basis; what is only rounding at this scale is left out. */
function orthonormalised(vectors: readonly Float64Array[], basis: readonly Float64Array[], scale: number): Float64Array[] {
  const kept: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = orthogonalise(Float64Array.from(vector), kept);
    const length = norm(rest);
    if (length <= rounding * scale) continue;
    // Once more against everything: dividing by a small length enlarges what was left.
    const unit = orthogonalise(
      rest.map((value) => value / length),
      [...basis, ...kept],
    );
    const again = norm(unit);
    kept.push(unit.map((value) => value / again));
  }
  return kept;
}

/** Row k holds the products of image k with the basis known then; the rest follows from symmetry. */
function symmetricFrom(projected: readonly Float64Array[]): Float64Array {
  const size = projected.length;
  const matrix = new Float64Array(size * size);
  projected.forEach((row, k) => {
    for (let index = 0; index <= k; index++) matrix[k * size + index] = matrix[index * size + k] = row[index]!;
  });
  return matrix;
}

/** |A v − λ v| of the wanted Ritz vectors: the part of the images that leaves the basis, combined as the vectors combine the last block. */
function worstResidual(vectors: Float64Array, size: number, leftOver: readonly Float64Array[], wanted: number): number {
  let worst = 0;
  for (let k = 0; k < wanted; k++) {
    const shares = rowOf(vectors, size, k).subarray(size - leftOver.length);
    const rest = new Float64Array(leftOver[0]!.length);
    leftOver.forEach((vector, index) => addScaled(rest, shares[index]!, vector));
    worst = Math.max(worst, norm(rest));
  }
  return worst;
}

function finish(
  matrix: RowMatrix,
  basis: readonly Float64Array[],
  ritz: { values: Float64Array; vectors: Float64Array },
  wanted: number,
  residual: number,
  byRows: boolean,
): Components {
  const { count, width } = matrix;
  const floor = rounding * Math.max(ritz.values[0] ?? 0, 0);
  const found = [...ritz.values.subarray(0, wanted)].filter((value) => value > floor).length;
  const nextVariance = Math.max(0, ritz.values[found] ?? 0) / count;
  const directions = new Float64Array(found * width);
  for (let k = 0; k < found; k++) {
    const inner = new Float64Array(basis[0]!.length);
    basis.forEach((vector, index) => addScaled(inner, ritz.vectors[k * basis.length + index]!, vector));
    const direction = byRows ? rowsWeighted(matrix, inner) : inner;
    const scale = 1 / (norm(direction) * largestSign(direction));
    directions.set(
      direction.map((value) => value * scale),
      k * width,
    );
  }
  return { directions, variances: ritz.values.slice(0, found).map((value) => value / count), nextVariance, residual };
}

function rowsWeighted(matrix: RowMatrix, weights: Float64Array): Float64Array {
  const sum = new Float64Array(matrix.width);
  for (let row = 0; row < matrix.count; row++) addScaled(sum, weights[row]!, matrix.row(row));
  return sum;
}

/** The sign of the entry of largest size: the convention that makes a direction without a sign the same everywhere. */
export function largestSign(direction: Float64Array): 1 | -1 {
  let largest = 0;
  for (const value of direction) if (Math.abs(value) > Math.abs(largest)) largest = value;
  return largest < 0 ? -1 : 1;
}
