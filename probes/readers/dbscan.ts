/**
 * Density clustering, for looking at a layer without expecting two clusters: DBSCAN on the first principal components.
 * It gives clusters of any shape and number, and noise; it gives no direction, so it is no reader, and its clusters say nothing of truth until they
 * are held against labels.
 * Source: M. Ester and others, KDD 1996, 226-231; parameters after J. Sander and others, Data Min. Knowl. Discov. 2 (1998), 169-194:
 * a core point has at least 2 · dimensions points within eps, itself included. eps is the knee of the sorted distances to the farthest of these:
 * the point farthest below the chord (V. Satopää and others, ICDCSW 2011, 166-171).
 */
import { dot, rowOf } from '../numerics/dense.ts';
import { principalComponents } from '../numerics/principal.ts';
import { centredMatrix } from './centred.ts';
import { differencesOf, sidesOf } from './normalise.ts';
import type { ReaderInput } from './reader.ts';

export interface DensityOptions {
  /** Principal components to cluster in. */
  readonly dimensions?: number;
  /** Distance, in units of the states; found from the data by default. */
  readonly eps?: number;
  /** Points that a core point has within eps, itself included; twice the dimensions by default. */
  readonly minimumPoints?: number;
}

export interface DensityClusters {
  /** Cluster of each row, from 0 on by size; -1 for noise. */
  readonly labels: Int32Array;
  readonly sizes: readonly number[];
  readonly noise: number;
  readonly eps: number;
  readonly minimumPoints: number;
  /** count × dimensions, row-major: where each row lies. */
  readonly points: Float64Array;
  readonly dimensions: number;
  /** Share of the variance that these dimensions hold. */
  readonly explained: number;
}

const noise = -1;
const unseen = -2;

/** Pairs are clustered by the differences of their normalised sides. Work grows with the square of the rows; 10,000 take seconds. */
export function exploreDensity(input: ReaderInput, seed: number, options: DensityOptions = {}): DensityClusters {
  const { count, width, groups } = input;
  const rows = input.kind === 'pairs' ? differencesOf(input, sidesOf(input, 'mean')) : input.rows;
  const { matrix } = centredMatrix({ rows, count, width, groups });
  const { directions, variances } = principalComponents(matrix, options.dimensions ?? 10, seed);
  const dimensions = variances.length;
  const points = new Float64Array(count * dimensions);
  let total = 0;
  for (let row = 0; row < count; row++) {
    const values = matrix.row(row);
    total += dot(values, values);
    for (let k = 0; k < dimensions; k++) points[row * dimensions + k] = dot(rowOf(directions, width, k), values);
  }
  const minimumPoints = options.minimumPoints ?? Math.max(2, 2 * dimensions);
  const eps = options.eps ?? knee(neighbourDistances(points, count, dimensions, minimumPoints));
  const labels = dbscan(points, count, dimensions, eps, minimumPoints);
  const sizes: number[] = [];
  for (const label of labels) if (label >= 0) sizes[label] = (sizes[label] ?? 0) + 1;
  return {
    labels,
    sizes,
    noise: labels.filter((label) => label === noise).length,
    eps,
    minimumPoints,
    points,
    dimensions,
    explained: total === 0 ? 0 : (variances.reduce((sum, variance) => sum + variance, 0) * count) / total,
  };
}

/** @returns cluster of each point, from 0 on by size, -1 for noise; a border point goes to the cluster that reaches it first */
export function dbscan(points: Float64Array, count: number, dimensions: number, eps: number, minimumPoints: number): Int32Array {
  const labels = new Int32Array(count).fill(unseen);
  const sizes: number[] = [];
  for (let point = 0; point < count; point++) {
    if (labels[point] !== unseen) continue;
    const around = within(points, count, dimensions, point, eps);
    if (around.length < minimumPoints) {
      labels[point] = noise;
      continue;
    }
    const cluster = sizes.length;
    const queue: number[] = [];
    let size = 0;
    const claim = (other: number): void => {
      const before = labels[other]!;
      if (before >= 0) return;
      labels[other] = cluster;
      size++;
      // What was noise is known to be no core point: it joins, and leads no further.
      if (before === unseen) queue.push(other);
    };
    around.forEach(claim);
    for (let at = 0; at < queue.length; at++) {
      const further = within(points, count, dimensions, queue[at]!, eps);
      if (further.length >= minimumPoints) further.forEach(claim);
    }
    sizes.push(size);
  }
  const order = Array.from(sizes.keys()).sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const rank = new Int32Array(sizes.length);
  order.forEach((cluster, place) => (rank[cluster] = place));
  return labels.map((label) => (label === noise ? noise : rank[label]!));
}

function within(points: Float64Array, count: number, dimensions: number, point: number, eps: number): number[] {
  const found: number[] = [];
  const limit = eps * eps;
  for (let other = 0; other < count; other++) if (squareDistance(points, dimensions, point, other) <= limit) found.push(other);
  return found;
}

function squareDistance(points: Float64Array, dimensions: number, a: number, b: number): number {
  let sum = 0;
  for (let k = 0; k < dimensions; k++) {
    const offset = points[a * dimensions + k]! - points[b * dimensions + k]!;
    sum += offset * offset;
  }
  return sum;
}

/** Distance of each point to its `rank`-th nearest, itself counted as the first; ascending. */
export function neighbourDistances(points: Float64Array, count: number, dimensions: number, rank: number): Float64Array {
  const distances = new Float64Array(count);
  const kept = Math.min(rank, count);
  const nearest = new Float64Array(kept);
  for (let point = 0; point < count; point++) {
    nearest.fill(Infinity);
    for (let other = 0; other < count; other++) {
      const square = squareDistance(points, dimensions, point, other);
      if (square >= nearest[kept - 1]!) continue;
      let place = kept - 1;
      for (; place > 0 && nearest[place - 1]! > square; place--) nearest[place] = nearest[place - 1]!;
      nearest[place] = square;
    }
    distances[point] = Math.sqrt(nearest[kept - 1]!);
  }
  return distances.sort();
}

/** The value at which a rising curve bends most: farthest below the straight line from its first to its last point. */
export function knee(ascending: Float64Array): number {
  const last = ascending.length - 1;
  const [low, high] = [ascending[0]!, ascending[last]!];
  let best = last;
  let deepest = 0;
  ascending.forEach((value, index) => {
    const depth = low + ((high - low) * index) / Math.max(1, last) - value;
    if (depth > deepest) {
      deepest = depth;
      best = index;
    }
  });
  return ascending[best]!;
}
