/** Made-up states with a truth direction that is known, for tests. */
import { normalNumbers, randomDirection } from '../../numerics/gaussian.ts';
import { seededRandom } from '../../numerics/random.ts';
import type { Pairs, States } from '../reader.ts';

export interface Plan {
  readonly count: number;
  readonly width: number;
  /** Distance between true and false along the direction, in standard deviations of the noise. */
  readonly gap: number;
  readonly seed: number;
}

/** Pairs in random order about a common base, with a large difference between sides that has nothing to do with truth. */
export function plantedPairs({ count, width, gap, seed }: Plan): { pairs: Pairs & { labels: Uint8Array }; direction: Float64Array } {
  const random = seededRandom(seed);
  const normal = normalNumbers(random);
  const direction = randomDirection(width, random);
  const side = randomDirection(width, random);
  const positive = new Float32Array(count * width);
  const negative = new Float32Array(count * width);
  const labels = Uint8Array.from({ length: count }, () => (random() < 0.5 ? 1 : 0));
  for (let row = 0; row < count; row++) {
    const truth = labels[row] === 1 ? gap / 2 : -gap / 2;
    for (let column = 0; column < width; column++) {
      const base = 2 * normal();
      positive[row * width + column] = base + normal() + truth * direction[column]! + 8 * side[column]!;
      negative[row * width + column] = base + normal() - truth * direction[column]! - 8 * side[column]!;
    }
  }
  return { pairs: { kind: 'pairs', positive, negative, count, width, labels, groups: rowNames(count) }, direction };
}

/** Single states; every two rows are one question. */
export function plantedStates({ count, width, gap, seed }: Plan): { states: States & { labels: Uint8Array }; direction: Float64Array } {
  const random = seededRandom(seed);
  const normal = normalNumbers(random);
  const direction = randomDirection(width, random);
  const rows = new Float32Array(count * width);
  const labels = Uint8Array.from({ length: count }, () => (random() < 0.5 ? 1 : 0));
  for (let row = 0; row < count; row++)
    for (let column = 0; column < width; column++)
      rows[row * width + column] = normal() + (labels[row] === 1 ? gap / 2 : -gap / 2) * direction[column]! + 3;
  const groups = Array.from({ length: count }, (_, row) => String(Math.floor(row / 2)));
  return { states: { kind: 'states', rows, count, width, labels, groups }, direction };
}

export function rowNames(count: number): string[] {
  return Array.from({ length: count }, (_, row) => String(row));
}
