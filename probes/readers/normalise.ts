/** Normalisation of contrast pairs: each side by its own mean, so that what all x⁺ share (the word "Yes", say) cannot tell them from x⁻. */
import { columnScales, meanRow, norm, rowOf } from '../numerics/dense.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import type { Pairs } from './reader.ts';

/**
 * - `mean`: less the side's mean (the authors' code, its default);
 * - `variance`: and each feature divided by its standard deviation on that side (the authors' `var_normalize`);
 * - `scale`: and divided by the side's mean norm after centring, times √width (the paper's appendix G.1, read so that features come out near 1);
 * - `none`: as they are.
 * Source: C. Burns and others, ICLR 2023 (arXiv 2212.03827), 2.2 and G.1; collin-burns/discovering_latent_knowledge:utils.py.
 */
export type Normalisation = 'mean' | 'variance' | 'scale' | 'none';

/** What is subtracted from each feature of a side, and what it is then multiplied by. */
export interface Side {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
}

export interface Sides {
  readonly positive: Side;
  readonly negative: Side;
}

export function sidesOf(pairs: Pairs, how: Normalisation): Sides {
  return {
    positive: sideOf(pairs.positive, pairs.count, pairs.width, how),
    negative: sideOf(pairs.negative, pairs.count, pairs.width, how),
  };
}

function sideOf(rows: Float32Array, count: number, width: number, how: Normalisation): Side {
  const ones = new Float64Array(width).fill(1);
  if (how === 'none') return { mean: new Float64Array(width), factor: ones };
  if (how === 'mean') return { mean: meanRow(rows, count, width), factor: ones };
  const { mean, deviation } = columnScales(rows, count, width);
  if (how === 'variance') return { mean, factor: deviation.map((value) => 1 / value) };
  let norms = 0;
  for (let row = 0; row < count; row++) norms += norm(rowOf(rows, width, row).map((value, column) => value - mean[column]!));
  return { mean, factor: ones.fill(norms === 0 ? 1 : (Math.sqrt(width) * count) / norms) };
}

function writeRow(into: Float32Array, rows: Float32Array, from: number, { mean, factor }: Side): void {
  for (let column = 0; column < mean.length; column++) into[column] = (rows[from + column]! - mean[column]!) * factor[column]!;
}

/** Both sides normalised, in alternating rows: x⁺ of pair i in row 2i, x⁻ in row 2i + 1. */
export function alternatingRows(pairs: Pairs, sides: Sides): RowMatrix {
  const matrix = new RowMatrix(2 * pairs.count, pairs.width);
  for (let pair = 0; pair < pairs.count; pair++) {
    writeRow(matrix.row(2 * pair), pairs.positive, pair * pairs.width, sides.positive);
    writeRow(matrix.row(2 * pair + 1), pairs.negative, pair * pairs.width, sides.negative);
  }
  return matrix;
}

/** Normalised x⁺ less normalised x⁻, count × width. */
export function differencesOf(pairs: Pairs, { positive, negative }: Sides): Float32Array {
  const { count, width } = pairs;
  const rows = new Float32Array(count * width);
  for (let at = 0; at < rows.length; at += width) {
    for (let column = 0; column < width; column++) {
      const a = (pairs.positive[at + column]! - positive.mean[column]!) * positive.factor[column]!;
      const b = (pairs.negative[at + column]! - negative.mean[column]!) * negative.factor[column]!;
      rows[at + column] = a - b;
    }
  }
  return rows;
}
