import { describe, expect, test } from 'vitest';
import recorded from './fixtures/intervals.json' with { type: 'json' };
import { clusterBootstrap, logSumExp, mcnemarExact, quantile, wilson } from './intervals.ts';
import { seededRandom } from './random.ts';

describe('against SciPy and NumPy', () => {
  test.each(recorded.wilson)('Wilson $k of $n', ({ k, n, low, high }) => {
    const interval = wilson(k, n);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });

  test.each(recorded.mcnemar)('McNemar $b against $c', ({ b, c, p }) => {
    expect(mcnemarExact(b, c) / p).toBeCloseTo(1, 9);
    expect(mcnemarExact(c, b)).toBe(mcnemarExact(b, c));
  });

  test.each(recorded.logSumExp)('log-sum-exp of $xs', ({ xs, value }) => expect(logSumExp(xs)).toBeCloseTo(value, 10));

  test.each(recorded.quantiles)('quantiles', ({ xs, q, value }) =>
    q.forEach((at, index) => expect(quantile(xs, at)).toBeCloseTo(value[index]!, 12)),
  );

  test('the cluster bootstrap comes near the percentiles of 200,000 resamples', () => {
    const { values, clusters, low, high } = recorded.bootstrap;
    const interval = clusterBootstrap(values, clusters, 3)!;
    expect(Math.abs(interval.low - low)).toBeLessThan(0.01);
    expect(Math.abs(interval.high - high)).toBeLessThan(0.01);
  });
});

test('what is missing stays missing', () => {
  expect(logSumExp([])).toBe(-Infinity);
  expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
  expect(logSumExp([0, NaN])).toBeNaN();
  expect(clusterBootstrap([1, 0, 1], ['a', 'a', 'a'], 1)).toBeNull();
});

test('McNemar agrees with brute force over all outcomes of the discordant pairs', () => {
  for (let n = 1; n <= 10; n++) {
    for (let b = 0; b <= n; b++) {
      let extreme = 0;
      for (let outcome = 0; outcome < 2 ** n; outcome++) {
        const heads = outcome.toString(2).replaceAll('0', '').length;
        if (Math.min(heads, n - heads) <= Math.min(b, n - b)) extreme++;
      }
      expect(mcnemarExact(b, n - b)).toBeCloseTo(extreme / 2 ** n, 12);
    }
  }
});

test('95 % intervals cover about 95 % of the time', () => {
  const random = seededRandom(5);
  let wilsonHits = 0;
  let bootstrapHits = 0;
  const rounds = 400;
  for (let round = 0; round < rounds; round++) {
    const values: number[] = [];
    const clusters: string[] = [];
    for (let cluster = 0; cluster < 50; cluster++) {
      const p = random();
      for (let member = 0; member < 3; member++) {
        values.push(Number(random() < p));
        clusters.push(String(cluster));
      }
    }
    const interval = clusterBootstrap(values, clusters, round)!;
    if (interval.low <= 0.5 && 0.5 <= interval.high) bootstrapHits++;
    let successes = 0;
    for (let draw = 0; draw < 60; draw++) successes += Number(random() < 0.3);
    const score = wilson(successes, 60);
    if (score.low <= 0.3 && 0.3 <= score.high) wilsonHits++;
  }
  // Four standard errors of a proportion of 0.95 in 400 rounds are 0.044.
  expect(bootstrapHits / rounds).toBeGreaterThan(0.9);
  expect(wilsonHits / rounds).toBeGreaterThan(0.9);
});
