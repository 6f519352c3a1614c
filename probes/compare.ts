/** Two runs on the same items, paired item by item. Differences are B minus A. */
import { clusterBootstrap, mcnemarExact, wilson, type Interval } from './numerics/intervals.ts';
import type { JudgedItem, Outcome } from './probe.ts';

export interface Pair {
  readonly id: string;
  readonly cluster: string;
  readonly a: Outcome;
  readonly b: Outcome;
}

export interface PairedResult {
  /** Means over the items scored in both runs; null where there are none. */
  readonly a: number | null;
  readonly b: number | null;
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Items scored in both runs, and independent clusters among them. */
  readonly n: number;
  readonly clusters: number;
  readonly method: string;
  /** McNemar's exact test and its four counts, where every outcome is yes or no. */
  readonly mcnemar: {
    readonly onlyA: number;
    readonly onlyB: number;
    readonly both: number;
    readonly neither: number;
    readonly p: number;
  } | null;
}

/** The pairs of one outcome, of items that both runs have. */
export function pairOutcomes(a: readonly JudgedItem[], b: readonly JudgedItem[], outcome: string): Pair[] {
  const other = new Map(b.map((item) => [item.id, item]));
  return a.flatMap((item) => {
    const left = item.outcomes.find((candidate) => candidate.name === outcome);
    const right = other.get(item.id)?.outcomes.find((candidate) => candidate.name === outcome);
    return left === undefined || right === undefined ? [] : [{ id: item.id, cluster: item.cluster, a: left, b: right }];
  });
}

/** Means over the pairs that are scored in both runs, their difference, and McNemar's exact test where every value is 0 or 1. */
export function comparePairs(pairs: readonly Pair[], seed: number): PairedResult {
  const scored = pairs.filter(({ a, b }) => a.value !== null && b.value !== null);
  const n = scored.length;
  const clusters = new Set(scored.map(({ cluster }) => cluster)).size;
  if (n === 0)
    return {
      a: null,
      b: null,
      difference: null,
      low: null,
      high: null,
      n,
      clusters,
      method: 'no item is scored in both runs',
      mcnemar: null,
    };
  const mean = (side: 'a' | 'b'): number => scored.reduce((sum, pair) => sum + pair[side].value!, 0) / n;
  const differences = scored.map(({ a, b }) => b.value! - a.value!);
  const difference = differences.reduce((sum, value) => sum + value, 0) / n;
  const { interval, method } = intervalOf(
    differences,
    scored.map(({ cluster }) => cluster),
    clusters,
    seed,
  );
  return {
    a: mean('a'),
    b: mean('b'),
    difference,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    n,
    clusters,
    method: `mean of paired differences; ${method}${clusters < n ? '; McNemar’s test takes items for independent, which several of one cluster are not' : ''}`,
    mcnemar: mcnemarOf(scored),
  };
}

function intervalOf(
  differences: readonly number[],
  clusterOf: readonly string[],
  clusters: number,
  seed: number,
): { interval: Interval | null; method: string } {
  const first = differences[0]!;
  if (differences.every((difference) => difference === first)) {
    // Resampling equal values has no width. What was never seen in n clusters may still be as frequent as Wilson's bound for 0 of n.
    const unseen = wilson(0, clusters).high;
    return {
      interval: { low: Math.max(-1, first - unseen), high: Math.min(1, first + unseen) },
      method: 'every pair differs by the same; 95 % bound for what was not seen (Wilson, 0 of the clusters)',
    };
  }
  const interval = clusterBootstrap(differences, clusterOf, seed);
  return { interval, method: interval === null ? 'no interval: a single cluster' : 'cluster bootstrap 95 %, 2000 resamples' };
}

function mcnemarOf(scored: readonly Pair[]): PairedResult['mcnemar'] {
  if (!scored.every(({ a, b }) => isBinary(a) && isBinary(b))) return null;
  const count = (a: number, b: number): number => scored.filter((pair) => pair.a.value === a && pair.b.value === b).length;
  const [onlyA, onlyB, both, neither] = [count(1, 0), count(0, 1), count(1, 1), count(0, 0)];
  return { onlyA, onlyB, both, neither, p: mcnemarExact(onlyA, onlyB) };
}

function isBinary({ value, verdict }: Outcome): boolean {
  return verdict !== 'graded' && (value === 0 || value === 1);
}
