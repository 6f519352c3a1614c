/**
 * Two clusters by Lloyd's algorithm from several k-means++ starts, the lowest inertia kept.
 * With two clusters the nearest centre is a question of one direction: from one centre to the other, with the boundary half way.
 * On pairs it works on differences of normalised sides (S. Farquhar and others, arXiv 2312.10029, cluster these), on states on the states.
 * Source: S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982), 129-137; D. Arthur and S. Vassilvitskii, SODA 2007, 1027-1035.
 */
import { difference, dot } from '../numerics/dense.ts';
import { packed, unpacked } from '../numerics/panel.ts';
import { below, seededRandom } from '../numerics/random.ts';
import type { RowMatrix } from '../numerics/row-matrix.ts';
import { panelColumns } from '../numerics/simd-module.ts';
import { centredMatrix } from './centred.ts';
import type { FitOptions, Reader } from './reader.ts';
import { unlabelledRowReader } from './row-reader.ts';

export interface KmeansOptions extends FitOptions {
  readonly starts?: number;
  readonly maximumIterations?: number;
}

export interface TwoClusters {
  readonly centres: readonly [Float64Array, Float64Array];
  readonly sizes: readonly [number, number];
  /** Sum of squared distances to the nearest centre. */
  readonly inertia: number;
  readonly iterations: number;
}

export const kmeans: Reader<KmeansOptions> = unlabelledRowReader<KmeansOptions>(
  { id: 'kmeans', normalisation: 'mean', kinds: ['pairs', 'states'] },
  (rows, seed, { starts = 10, maximumIterations = 300 }) => {
    const { matrix, mean } = centredMatrix(rows);
    const found = twoClusters(matrix, starts, maximumIterations, seed);
    const best = found.reduce((a, b) => (b.inertia < a.inertia ? b : a));
    const [a, b] = best.centres;
    const weights = difference(b, a);
    const total = totalSquares(squareLengths(matrix));
    return {
      weights,
      bias: -dot(weights, mean) - (dot(b, b) - dot(a, a)) / 2,
      logistic: false,
      loss: best.inertia,
      diagnostics: {
        inertias: found.map((run) => run.inertia),
        sizes: best.sizes,
        // Share of the variance that two centres take away; what two heaps of unrelated rows give, too, is seen on shuffled features.
        explained: total === 0 ? 0 : 1 - best.inertia / total,
        iterations: best.iterations,
      },
    };
  },
);

/** Two columns of a panel belong to one start. */
const startsTogether = panelColumns / 2;

/** One result a start. */
export function twoClusters(matrix: RowMatrix, starts: number, maximumIterations: number, seed: number): TwoClusters[] {
  const random = seededRandom(seed);
  const squares = squareLengths(matrix);
  const found: TwoClusters[] = [];
  for (let first = 0; first < starts; first += startsTogether)
    found.push(...lloyd(matrix, squares, seeds(matrix, squares, Math.min(startsTogether, starts - first), random), maximumIterations));
  return found;
}

/** k-means++: the first centre is a random row, the second one that is drawn in proportion to its squared distance from the first. */
function seeds(matrix: RowMatrix, squares: Float64Array, starts: number, random: () => number): Float64Array[] {
  const { count, width } = matrix;
  const firsts = Array.from({ length: starts }, () => below(random, count));
  const products = matrix.project(
    packed(
      firsts.map((row) => matrix.row(row)),
      width,
    ),
  );
  return firsts.flatMap((firstRow, start) => {
    const distances = squares.map((square, row) => Math.max(0, square - 2 * products[row * panelColumns + start]! + squares[firstRow]!));
    const second = drawn(distances, random);
    return [Float64Array.from(matrix.row(firstRow)), Float64Array.from(matrix.row(second))];
  });
}

function drawn(weights: Float64Array, random: () => number): number {
  let left = random() * totalSquares(weights);
  const at = weights.findIndex((weight) => (left -= weight) < 0);
  return at < 0 ? weights.length - 1 : at;
}

/** @param centres two a start, in order */
function lloyd(matrix: RowMatrix, squares: Float64Array, centres: Float64Array[], maximumIterations: number): TwoClusters[] {
  const { count, width } = matrix;
  const starts = centres.length / 2;
  const inSecond = new Uint8Array(count * starts).fill(2);
  const iterations = new Array<number>(starts).fill(0);
  let sizes = new Float64Array(centres.length);
  for (let iteration = 1; iteration <= maximumIterations; iteration++) {
    const boundaries = Array.from({ length: starts }, (_, start) => {
      const [a, b] = [centres[2 * start]!, centres[2 * start + 1]!];
      return (dot(b, b) - dot(a, a)) / 2;
    });
    const changed = new Array<boolean>(starts).fill(false);
    sizes = new Float64Array(centres.length);
    const sums = matrix.sweep(packed(centres, width), (firstRow, rows, products, weights) => {
      weights.fill(0);
      for (let row = 0; row < rows; row++) {
        for (let start = 0; start < starts; start++) {
          const at = row * panelColumns + 2 * start;
          const second = products[at + 1]! - products[at]! > boundaries[start]! ? 1 : 0;
          const item = (firstRow + row) * starts + start;
          if (inSecond[item] !== second) {
            inSecond[item] = second;
            changed[start] = true;
          }
          weights[at + second] = 1;
          sizes[2 * start + second]! += 1;
        }
      }
    });
    const means = unpacked(sums, width, centres.length);
    // A centre that lost all its rows stays where it is.
    centres = means.map((sum, index) => (sizes[index] === 0 ? centres[index]! : sum.map((value) => value / sizes[index]!)));
    changed.forEach((moved, start) => {
      if (moved) iterations[start] = iteration;
    });
    if (!changed.includes(true)) break;
  }
  const total = totalSquares(squares);
  return Array.from({ length: starts }, (_, start) => {
    const [a, b] = [centres[2 * start]!, centres[2 * start + 1]!];
    const [sizeA, sizeB] = [sizes[2 * start]!, sizes[2 * start + 1]!];
    return {
      centres: [a, b] as const,
      sizes: [sizeA, sizeB] as const,
      inertia: Math.max(0, total - sizeA * dot(a, a) - sizeB * dot(b, b)),
      iterations: iterations[start]!,
    };
  });
}

function squareLengths(matrix: RowMatrix): Float64Array {
  return Float64Array.from({ length: matrix.count }, (_, row) => dot(matrix.row(row), matrix.row(row)));
}

function totalSquares(squares: Float64Array): number {
  return squares.reduce((sum, square) => sum + square, 0);
}
