/** Paired differences as rows of a picture around zero, and both runs' values on one shared axis. */
import type { Comparison, PairedMetric } from '../../../../electron/rpc/contract.ts';
import { aroundZero } from '../../charts/axis.ts';
import type { IntervalRow } from '../../charts/intervals.ts';
import { count, natsWithInterval, percent, pointsWithInterval } from '../../format.ts';
import { labelOf } from '../run/judgements.ts';

export const nameOf = (metric: Pick<PairedMetric, 'label' | 'setting'>): string =>
  metric.setting === null ? metric.label : `${labelOf(metric.setting)}: ${metric.label}`;

/** A difference beyond one can only be of nats: shares end there. */
export const isShare = (metric: PairedMetric): boolean =>
  [metric.a, metric.b].every((value) => value === null || (value >= 0 && value <= 1));

export const showDifference = (metric: PairedMetric): string => {
  const estimate = { value: metric.difference, low: metric.low, high: metric.high, n: metric.n };
  return isShare(metric) ? pointsWithInterval(estimate) : natsWithInterval(estimate);
};

export const excludesZero = (metric: PairedMetric): boolean =>
  metric.low !== null && metric.high !== null && (metric.low > 0 || metric.high < 0);

/** Paler where the interval holds zero: not told apart from no difference. */
export function differenceRows(comparison: Comparison): IntervalRow[] {
  return comparison.metrics.filter(isShare).map((metric, index) => ({
    label: nameOf(metric),
    note: `n = ${count(metric.n)}`,
    chance: null,
    points: [
      {
        id: String(index),
        value: metric.difference,
        low: metric.low,
        high: metric.high,
        colour: excludesZero(metric) ? 'ink' : 'neutral',
        shape: 'circle',
        hollow: !excludesZero(metric),
        reading:
          metric.difference === null
            ? `${nameOf(metric)}: one of the two has no value`
            : `${nameOf(metric)}: ${showDifference(metric)} (A ${percent(metric.a)}, B ${percent(metric.b)}), n = ${count(metric.n)}`,
      },
    ],
  }));
}

export function differenceDomain(comparison: Comparison): [number, number] {
  const [low, high] = aroundZero(
    comparison.metrics
      .filter(isShare)
      .flatMap((metric) => [metric.difference, metric.low, metric.high])
      .filter((value): value is number => value !== null),
    0.05,
  );
  return [Math.max(-1, low), Math.min(1, high)];
}
