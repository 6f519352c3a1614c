/** Splits by question: rows of one group always stay together, or a reader would be tested on what it has seen. */
import { LabError } from '../lab-error.ts';
import { seededRandom, shuffled } from '../numerics/random.ts';
import type { ReaderInput } from './reader.ts';

export interface Split {
  /** Row numbers, ascending. */
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

export interface SplitShares {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Shares of the groups, not of the rows. Each part with a share above zero gets at least one group. */
export function splitByGroup(groups: readonly string[], shares: SplitShares, seed: number): Split {
  const parts = ['train', 'validation', 'test'] as const;
  const wanted = parts.filter((part) => shares[part] > 0);
  const total = wanted.reduce((sum, part) => sum + shares[part], 0);
  const order = shuffledGroups(groups, seed);
  if (order.length < wanted.length || wanted.length === 0)
    throw new LabError(
      'reader-input',
      `${order.length} questions cannot be split into ${wanted.length} parts`,
      'Give more questions: rows of one question are never split.',
    );
  const partOf = new Map<string, (typeof parts)[number]>();
  let cumulative = 0;
  let from = 0;
  wanted.forEach((part, index) => {
    cumulative += shares[part] / total;
    const remaining = wanted.length - index - 1;
    const to =
      remaining === 0 ? order.length : Math.min(order.length - remaining, Math.max(from + 1, Math.round(cumulative * order.length)));
    for (const group of order.slice(from, to)) partOf.set(group, part);
    from = to;
  });
  const rowsOf = (part: (typeof parts)[number]): number[] => groups.flatMap((group, row) => (partOf.get(group) === part ? [row] : []));
  return { train: rowsOf('train'), validation: rowsOf('validation'), test: rowsOf('test') };
}

/** A fold for each row, groups kept together and dealt out evenly in random order. */
export function groupedFolds(groups: readonly string[], folds: number, seed: number): Int32Array {
  const foldOf = new Map(shuffledGroups(groups, seed).map((group, place) => [group, place % folds]));
  return Int32Array.from(groups, (group) => foldOf.get(group)!);
}

function shuffledGroups(groups: readonly string[], seed: number): string[] {
  return shuffled([...new Set(groups)], seededRandom(seed));
}

/** Some rows of an input, in the order given. */
export function takeRows<T extends ReaderInput>(input: T, rows: readonly number[]): T {
  const { width } = input;
  const take = (from: Float32Array): Float32Array => {
    const taken = new Float32Array(rows.length * width);
    rows.forEach((row, place) => taken.set(from.subarray(row * width, (row + 1) * width), place * width));
    return taken;
  };
  const states = input.kind === 'pairs' ? { positive: take(input.positive), negative: take(input.negative) } : { rows: take(input.rows) };
  const { labels } = input;
  return {
    ...input,
    ...states,
    count: rows.length,
    labels: labels === null ? null : Uint8Array.from(rows, (row) => labels[row]!),
    groups: rows.map((row) => input.groups[row]!),
  };
}
