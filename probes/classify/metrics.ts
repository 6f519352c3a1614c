/** Accuracy with its intervals, and two checks on it: how sure the model is, and how widely its predictions spread. */
import { metricOf, type MetricFrame, type Sample } from '../numerics/estimate.ts';
import type { JudgedItem, Metric, Outcome } from '../probe.ts';
import { outcomes } from './verdict.ts';

const accuracy = {
  name: 'accuracy',
  label: 'Accuracy (top-1)',
  definition: 'share of the images whose most probable class is the right one',
};

const top5 = {
  name: 'top5',
  label: 'Top-5 accuracy',
  definition: 'share of the images whose right class is among the five most probable ones',
};

const confidence = {
  name: 'confidence',
  label: 'Mean confidence',
  definition: 'mean probability of the class that the model chose, right or not; near the accuracy in a calibrated model',
};

export function classifyMetrics(items: readonly JudgedItem[], seed: number): Metric[] {
  const frame = (
    { name, label, definition }: { name: string; label: string; definition: string },
    role: Metric['role'],
    category: string | null = null,
  ): MetricFrame => ({ name, label, definition, role, category, setting: null });
  const right = samples(items, outcomes.top1.name);
  const five = samples(items, outcomes.top5.name);
  const byLabel = Map.groupBy(items, ({ category }) => category);
  return [
    metricOf(frame(accuracy, 'headline'), right, seed),
    ...(five.length === 0 ? [] : [metricOf(frame(top5, 'headline'), five, seed)]),
    metricOf(frame(confidence, 'detail'), samples(items, outcomes.confidence.name), seed),
    ...spreadOf(items),
    ...[...byLabel.keys()]
      .sort()
      .map((label) => metricOf(frame(accuracy, 'detail', label), samples(byLabel.get(label)!, outcomes.top1.name), seed)),
  ];
}

function outcomeOf({ outcomes: judged }: JudgedItem, name: string): Outcome | undefined {
  return judged.find((outcome) => outcome.name === name);
}

function samples(items: readonly JudgedItem[], name: string): Sample[] {
  return items.flatMap((item) => {
    const outcome = outcomeOf(item, name);
    return outcome === undefined || outcome.value === null ? [] : [{ value: outcome.value, cluster: item.cluster, chance: outcome.chance }];
  });
}

/** None where the data has a single class, or the predictions were not kept. */
function spreadOf(items: readonly JudgedItem[]): Metric[] {
  const scored = items.flatMap((item) => {
    const choice = outcomeOf(item, outcomes.top1.name)?.choice;
    return choice == null ? [] : [{ label: item.category, choice, cluster: item.cluster }];
  });
  const there = effectiveCount(scored.map(({ label }) => label));
  if (there <= 1) return [];
  const predicted = effectiveCount(scored.map(({ choice }) => choice));
  return [
    {
      name: 'spread',
      label: 'Spread of the predictions',
      setting: null,
      category: null,
      value: Math.min(1, (predicted - 1) / (there - 1)),
      low: null,
      high: null,
      n: scored.length,
      clusters: new Set(scored.map(({ cluster }) => cluster)).size,
      unit: 'proportion',
      method:
        'how many classes the predictions spread over against how many the labels do, both counted by entropy (exp H, less the one that is always there), at most 1; near 0 the model calls everything the same; no interval',
      chance: null,
      role: 'control',
    },
  ];
}

/** exp of the entropy: n for n equally frequent values, 1 for one. */
export function effectiveCount(values: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / values.length) * Math.log(count / values.length);
  return Math.exp(entropy);
}
