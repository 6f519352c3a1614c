import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../probes/numerics/random.ts';
import { alternativesOf, greedy, logSumExp, pickToken, type Sampling } from './sampling.ts';

const none: ReadonlySet<number> = new Set();
const logits = Float32Array.of(1, 3, 2, 3, NaN, -1);

/** Shares of 20,000 draws. */
function shares(sampling: Partial<Sampling>, seen = none): number[] {
  const random = seededRandom(5);
  const counts = new Array<number>(logits.length).fill(0);
  for (let draw = 0; draw < 20_000; draw++) counts[pickToken(logits, { ...greedy, ...sampling }, random, seen)!]! += 1 / 20_000;
  return counts;
}

/** Exact probabilities over the ids that are kept. */
function softmax(kept: readonly number[], temperature: number, of: Float32Array | number[] = logits): number[] {
  const weights = Array.from(of, (value, id) => (kept.includes(id) ? Math.exp(value / temperature) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

const close = (left: readonly number[], right: readonly number[]): void =>
  // Four standard errors of a share of one half.
  left.forEach((value, id) => expect(Math.abs(value - right[id]!)).toBeLessThan(0.0142));

describe('pickToken', () => {
  test('greedy takes the lowest id among equals, and passes over what is no number', () => {
    expect(pickToken(logits, greedy, Math.random, none)).toBe(1);
    expect(pickToken(Float32Array.of(NaN, NaN), greedy, Math.random, none)).toBeNull();
  });
  test('temperature: the softmax of the logits divided by it', () => {
    close(shares({ temperature: 1 }), softmax([0, 1, 2, 3, 5], 1));
    close(shares({ temperature: 2.5 }), softmax([0, 1, 2, 3, 5], 2.5));
  });
  test('top-k keeps the k most probable, the lower id among equals', () => {
    close(shares({ temperature: 1, topK: 1 }), [0, 1, 0, 0, 0, 0]);
    close(shares({ temperature: 1, topK: 3 }), softmax([1, 2, 3], 1));
  });
  test('top-p keeps the fewest that hold so much', () => {
    // Probabilities are 0.389, 0.389, 0.143, 0.053, 0.007 from the most probable on.
    close(shares({ temperature: 1, topP: 0.5 }), softmax([1, 3], 1));
    close(shares({ temperature: 1, topP: 0.9 }), softmax([1, 2, 3], 1));
    close(shares({ temperature: 1, topP: 0.0001 }), [0, 1, 0, 0, 0, 0]);
  });
  test('repetition penalty divides positive and multiplies negative logits of what was seen', () => {
    const seen = new Set([1, 5]);
    close(shares({ temperature: 1, repetitionPenalty: 1.5 }, seen), softmax([0, 1, 2, 3, 5], 1, [1, 2, 2, 3, NaN, -1.5]));
    expect(pickToken(logits, { ...greedy, repetitionPenalty: 1.5 }, Math.random, seen)).toBe(3);
  });
});

test('logSumExp and alternatives leave out what is no number, and do not overflow', () => {
  expect(logSumExp(logits)).toBeCloseTo(Math.log(Math.E + 2 * Math.E ** 3 + Math.E ** 2 + Math.E ** -1), 5);
  expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.log(2), 4);
  expect(logSumExp(Float32Array.of(NaN))).toBe(-Infinity);
  expect(alternativesOf(logits, 3).map(({ token }) => token)).toEqual([1, 3, 2]);
  expect(alternativesOf(logits, 9).map(({ token }) => token)).toEqual([1, 3, 2, 0, 5]);
  expect(alternativesOf(logits, 9).reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 6);
});
