/** A mean over judged items with the interval that fits it. */
import type { Metric } from '../probe.ts';
import { clusterBootstrap, wilson, type Interval } from './intervals.ts';

export interface Sample {
  readonly value: number;
  readonly cluster: string;
  readonly chance: number | null;
}

export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
  readonly clusters: number;
  readonly chance: number | null;
  /** How the interval was found. */
  readonly interval: string;
}

/**
 * Independent yes-or-no items get Wilson's interval, all others the cluster bootstrap.
 * Where every item agrees the bootstrap has no width, although the sample says little: there Wilson's interval with one count a cluster stands in.
 */
export function estimateMean(samples: readonly Sample[], seed: number): Estimate {
  const n = samples.length;
  const clusters = new Set(samples.map((sample) => sample.cluster)).size;
  if (n === 0) return { value: null, low: null, high: null, n, clusters, chance: null, interval: 'no items' };
  const value = samples.reduce((sum, sample) => sum + sample.value, 0) / n;
  const known = samples.filter((sample) => sample.chance !== null);
  const chance = known.length === n ? known.reduce((sum, sample) => sum + sample.chance!, 0) / n : null;
  const binary = samples.every((sample) => sample.value === 0 || sample.value === 1);
  const { found, interval } = chooseInterval(samples, value, n, clusters, binary, seed);
  return { value, low: found?.low ?? null, high: found?.high ?? null, n, clusters, chance, interval };
}

function chooseInterval(
  samples: readonly Sample[],
  value: number,
  n: number,
  clusters: number,
  binary: boolean,
  seed: number,
): { found: Interval | null; interval: string } {
  if (binary && clusters === n) return { found: wilson(value * n, n), interval: 'Wilson 95 %' };
  if (binary && (value === 0 || value === 1))
    return { found: wilson(value * clusters, clusters), interval: 'Wilson 95 % over clusters (all items agree)' };
  const found = clusterBootstrap(
    samples.map((sample) => sample.value),
    samples.map((sample) => sample.cluster),
    seed,
  );
  return { found, interval: found === null ? 'no interval: a single cluster' : 'cluster bootstrap 95 %, 2000 resamples' };
}

/** Everything about a metric that is not computed. */
export type MetricFrame = Pick<Metric, 'name' | 'label' | 'setting' | 'category' | 'role'> & {
  readonly definition: string;
  readonly chance?: number | null;
};

export function metricOf(frame: MetricFrame, samples: readonly Sample[], seed: number): Metric {
  const { interval, ...estimate } = estimateMean(samples, seed);
  const { definition, chance, ...names } = frame;
  return {
    ...names,
    ...estimate,
    chance: chance === undefined ? estimate.chance : chance,
    unit: 'proportion',
    method: `${definition}; ${interval}`,
  };
}
