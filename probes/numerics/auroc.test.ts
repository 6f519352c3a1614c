import { describe, expect, test } from 'vitest';
import recorded from '../readers/fixtures/readers.json' with { type: 'json' };
import { auroc, recallAtFalsePositives, type Scored } from './auroc.ts';
import { calibration } from './calibration.ts';
import { normalNumbers } from './gaussian.ts';
import { seededRandom } from './random.ts';

function items(scores: readonly number[], labels: readonly number[]): Scored[] {
  return scores.map((score, item) => ({ score, positive: labels[item] === 1, cluster: String(item) }));
}

describe.each(recorded.detection)('against scikit-learn', ({ labels, scores, auroc: area, recallAt10 }) => {
  test('area under the curve with ties', () => expect(auroc(items(scores, labels), 1).value).toBeCloseTo(area, 12));
  test('recall at 10 % false positives', () =>
    expect(recallAtFalsePositives(items(scores, labels), 1, 0.1).value).toBeCloseTo(recallAt10, 12));
});

test('the area is the share of pairs in the right order, by brute force', () => {
  const random = seededRandom(2);
  for (let round = 0; round < 30; round++) {
    const sample = items(
      Array.from({ length: 9 }, () => Math.floor(random() * 4)),
      Array.from({ length: 9 }, (_, item) => (item < 2 ? item : Number(random() < 0.5))),
    );
    let sum = 0;
    let pairs = 0;
    for (const a of sample) {
      for (const b of sample) {
        if (!a.positive || b.positive) continue;
        pairs++;
        sum += a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0;
      }
    }
    expect(auroc(sample, round).value).toBeCloseTo(sum / pairs, 12);
  }
});

test('the interval covers the true area about 95 % of the time', () => {
  const normal = normalNumbers(seededRandom(8));
  // Two normal distributions one deviation apart: the area is Φ(1/√2).
  const truth = 0.7602499389;
  let hits = 0;
  const rounds = 60;
  for (let round = 0; round < rounds; round++) {
    const sample = items(
      Array.from({ length: 80 }, (_, item) => normal() + (item % 2)),
      Array.from({ length: 80 }, (_, item) => item % 2),
    );
    const { interval } = auroc(sample, round);
    if (interval!.low <= truth && truth <= interval!.high) hits++;
  }
  expect(hits / rounds).toBeGreaterThan(0.85);
});

test('what cannot be known is not given', () => {
  expect(auroc(items([1, 2], [1, 1]), 1)).toEqual({ value: null, interval: null, method: 'needs items of both kinds' });
  const perfect = auroc(items([1, 2, 3, 4], [0, 0, 1, 1]), 1);
  expect(perfect.value).toBe(1);
  expect(perfect.interval!.low).toBeLessThan(0.5);
  expect(() => auroc(items([1, NaN], [1, 0]), 1)).toThrow('the score of item 1 is NaN');
});

test('recall never counts a tie with a false positive as found', () => {
  expect(recallAtFalsePositives(items([5, 5, 5, 5], [1, 1, 0, 0]), 1).value).toBe(0);
  expect(recallAtFalsePositives(items([6, 5, 5, 4], [1, 1, 0, 0]), 1).value).toBe(0.5);
});

describe('calibration', () => {
  test('against NumPy', () => {
    const { probabilities, labels, error } = recorded.calibration;
    expect(calibration(Float64Array.from(probabilities), Uint8Array.from(labels)).error).toBeCloseTo(error, 9);
  });
  test('stated certainty that is always right has no error, always wrong the largest', () => {
    expect(calibration(Float64Array.of(1, 0), Uint8Array.of(1, 0)).error).toBe(0);
    expect(calibration(Float64Array.of(1, 0), Uint8Array.of(0, 1)).error).toBe(1);
    expect(calibration(new Float64Array(0), new Uint8Array(0)).error).toBeNull();
  });
});
