/** Detection: the area under the ROC curve, recall at a rate of false positives, and their intervals over clusters. */
import { LabError } from '../lab-error.ts';
import { quantile, resamples, wilson, type Interval } from './intervals.ts';
import { below, seededRandom } from './random.ts';

/** One scored item: `positive` is what shall be found, a larger score says that it is. */
export interface Scored {
  readonly score: number;
  readonly positive: boolean;
  readonly cluster: string;
}

export interface Detection {
  /** null without items of both kinds. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly method: string;
}

/**
 * Probability that a positive item scores above a negative one, ties counted half; exact.
 * Source: D. Bamber, J. Math. Psychol. 12 (1975), 387-415. Interval: percentiles over resampled clusters, as for means in `intervals.ts`.
 */
export function auroc(items: readonly Scored[], seed: number): Detection {
  return detection(items, seed, weightedAuroc);
}

/**
 * Share of positive items above the threshold that at most `rate` of the negative items exceed: recall at 1 % false positives by default.
 * An item must score above the threshold, so that ties with a negative item are never counted as found. The threshold is found anew in each resample.
 */
export function recallAtFalsePositives(items: readonly Scored[], seed: number, rate = 0.01): Detection {
  return detection(items, seed, (sorted, weights) => weightedRecall(sorted, weights, rate));
}

/** Items by ascending score, with the number of their cluster. */
interface Sorted {
  readonly scores: Float64Array;
  readonly positive: Uint8Array;
  readonly cluster: Int32Array;
}

type Statistic = (sorted: Sorted, clusterWeights: Float64Array) => number | null;

function detection(items: readonly Scored[], seed: number, statistic: Statistic): Detection {
  const unusable = items.findIndex((item) => !Number.isFinite(item.score));
  if (unusable >= 0)
    throw new LabError(
      'failed',
      `the score of item ${unusable} is ${items[unusable]!.score}`,
      'A score that is no number can be neither right nor wrong: leave the item out.',
    );
  const { sorted, clusters, smaller } = sort(items);
  const value = statistic(sorted, new Float64Array(clusters).fill(1));
  if (value === null) return { value, interval: null, method: 'needs items of both kinds' };
  if (value === 0 || value === 1) {
    // Every resample agrees, although the sample says little: Wilson's interval with one count a cluster of the rarer kind stands in.
    return {
      value,
      interval: wilson(value * smaller, smaller),
      method: 'Wilson 95 % over clusters of the rarer kind (no error in the sample)',
    };
  }
  return { value, interval: bootstrap(sorted, clusters, seed, statistic), method: `cluster bootstrap 95 %, ${resamples} resamples` };
}

function sort(items: readonly Scored[]): { sorted: Sorted; clusters: number; smaller: number } {
  const numbers = new Map<string, number>();
  const kinds = [new Set<string>(), new Set<string>()] as const;
  for (const { cluster, positive } of items) {
    if (!numbers.has(cluster)) numbers.set(cluster, numbers.size);
    kinds[Number(positive) as 0 | 1].add(cluster);
  }
  const order = items.toSorted((a, b) => a.score - b.score);
  const sorted = {
    scores: Float64Array.from(order, (item) => item.score),
    positive: Uint8Array.from(order, (item) => Number(item.positive)),
    cluster: Int32Array.from(order, (item) => numbers.get(item.cluster)!),
  };
  return { sorted, clusters: numbers.size, smaller: Math.min(kinds[0].size, kinds[1].size) };
}

function bootstrap(sorted: Sorted, clusters: number, seed: number, statistic: Statistic): Interval | null {
  if (clusters < 2) return null;
  const random = seededRandom(seed);
  const weights = new Float64Array(clusters);
  const values: number[] = [];
  for (let sample = 0; sample < resamples; sample++) {
    weights.fill(0);
    for (let draw = 0; draw < clusters; draw++) weights[below(random, clusters)]! += 1;
    const value = statistic(sorted, weights);
    if (value !== null) values.push(value);
  }
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
}

function weightedAuroc({ scores, positive, cluster }: Sorted, weights: Float64Array): number | null {
  let positives = 0;
  let negatives = 0;
  let area = 0;
  for (let from = 0; from < scores.length;) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let to = from;
    for (; to < scores.length && scores[to] === scores[from]; to++) {
      const weight = weights[cluster[to]!]!;
      if (positive[to] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    area += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    from = to;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : null;
}

function weightedRecall({ scores, positive, cluster }: Sorted, weights: Float64Array, rate: number): number | null {
  let positives = 0;
  let negatives = 0;
  for (let index = 0; index < scores.length; index++) {
    const weight = weights[cluster[index]!]!;
    if (positive[index] === 1) positives += weight;
    else negatives += weight;
  }
  if (positives === 0 || negatives === 0) return null;
  // From the highest score down: the first score at which too many negative items would be flagged is the threshold.
  let flagged = 0;
  let found = 0;
  for (let to = scores.length - 1; to >= 0;) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    let from = to;
    for (; from >= 0 && scores[from] === scores[to]; from--) {
      const weight = weights[cluster[from]!]!;
      if (positive[from] === 1) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    flagged += tiedNegatives;
    if (flagged > rate * negatives) break;
    found += tiedPositives;
    to = from;
  }
  return found / positives;
}
