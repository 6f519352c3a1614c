/**
 * Contrastive representation clustering by bimodal salience search: a direction on which the differences of pairs form two narrow heaps,
 * one on either side of zero.
 *
 * As published: L(θ) = (var{θᵀc | θᵀc < 0} + var{θᵀc | θᵀc ≥ 0}) / var{θᵀc}, c = x̃⁺ − x̃⁻, each side normalised by its own mean; from a random
 * unit vector 20 steps of Adam with learning rate 0.1, back onto the unit sphere after each; of 20 starts the one of lowest loss.
 * Variances are divided by the number of items (the paper leaves that open).
 * Source: C. Burns and others, ICLR 2023 (arXiv 2212.03827), appendix G.5.
 */
import { Adam } from '../numerics/adam.ts';
import { dot } from '../numerics/dense.ts';
import { randomDirection } from '../numerics/gaussian.ts';
import { packed, unpacked } from '../numerics/panel.ts';
import { seededRandom } from '../numerics/random.ts';
import type { RowMatrix } from '../numerics/row-matrix.ts';
import { panelColumns } from '../numerics/simd-module.ts';
import { centredMatrix } from './centred.ts';
import type { FitOptions, Reader } from './reader.ts';
import { unlabelledRowReader } from './row-reader.ts';

export interface BssOptions extends FitOptions {
  readonly starts?: number;
  readonly epochs?: number;
  readonly learningRate?: number;
}

export const crcBss: Reader<BssOptions> = unlabelledRowReader<BssOptions>(
  { id: 'crc_bss', normalisation: 'mean', kinds: ['pairs'] },
  (rows, seed, { starts = 20, epochs = 20, learningRate = 0.1, progress }) => {
    const random = seededRandom(seed);
    const { matrix, mean } = centredMatrix(rows);
    const directions: Float64Array[] = [];
    const losses: number[] = [];
    for (let first = 0; first < starts; first += panelColumns) {
      const count = Math.min(panelColumns, starts - first);
      const begin = Array.from({ length: count }, () => randomDirection(rows.width, random));
      const found = searchTogether(matrix, begin, epochs, learningRate);
      directions.push(...found.directions);
      losses.push(...found.losses);
      progress?.((first + count) / starts);
    }
    const best = losses.indexOf(Math.min(...losses));
    const weights = directions[best] ?? new Float64Array(rows.width);
    return {
      weights,
      bias: -dot(weights, mean),
      logistic: false,
      loss: losses[best] ?? null,
      diagnostics: { losses },
    };
  },
);

/** Searches from up to twelve starts at once. */
export function searchTogether(
  matrix: RowMatrix,
  starts: readonly Float64Array[],
  epochs: number,
  learningRate: number,
): { directions: Float64Array[]; losses: number[] } {
  const { count, width } = matrix;
  const theta = packed(starts, width);
  const adam = new Adam(theta.length, { learningRate, weightDecay: 0 });
  const gradients = new Float32Array(count * panelColumns);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const products = matrix.project(theta);
    for (let column = 0; column < starts.length; column++) bimodality(products, count, column, gradients);
    adam.update(theta, matrix.accumulate(gradients));
    ontoSphere(theta, width, starts.length);
  }
  const products = matrix.project(theta);
  const losses = starts.map((_, column) => bimodality(products, count, column, gradients));
  return { directions: unpacked(theta, width, starts.length), losses };
}

/** The loss of one column of projections; writes its gradient by each projection into the same column. */
export function bimodality(projections: Float32Array, count: number, column: number, gradients: Float32Array): number {
  const counts = [0, 0];
  const sums = [0, 0];
  const squares = [0, 0];
  for (let item = 0; item < count; item++) {
    const value = projections[item * panelColumns + column]!;
    const side = value < 0 ? 0 : 1;
    counts[side]! += 1;
    sums[side]! += value;
    squares[side]! += value * value;
  }
  const means = sums.map((sum, side) => (counts[side] === 0 ? 0 : sum / counts[side]!));
  const within = squares.reduce((sum, square, side) => (counts[side] === 0 ? sum : sum + square / counts[side]! - means[side]! ** 2), 0);
  const mean = (sums[0]! + sums[1]!) / count;
  const total = (squares[0]! + squares[1]!) / count - mean * mean;
  for (let item = 0; item < count; item++) {
    const at = item * panelColumns + column;
    const value = projections[at]!;
    const side = value < 0 ? 0 : 1;
    gradients[at] =
      total === 0 ? 0 : (2 * (value - means[side]!)) / counts[side]! / total - (within / total ** 2) * ((2 * (value - mean)) / count);
  }
  return total === 0 ? Infinity : within / total;
}

function ontoSphere(theta: Float32Array, width: number, columns: number): void {
  for (let column = 0; column < columns; column++) {
    let square = 0;
    for (let index = 0; index < width; index++) square += theta[index * panelColumns + column]! ** 2;
    const length = Math.sqrt(square);
    if (length === 0) continue;
    for (let index = 0; index < width; index++) theta[index * panelColumns + column]! /= length;
  }
}
