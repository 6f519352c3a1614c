import { expect, test } from 'vitest';
import recorded from './fixtures/rulers.json' with { type: 'json' };
import { judgeBinary, rulers, type AnswerScores } from './rulers.ts';

const judge = (name: string, scores: Omit<AnswerScores, 'bestIncorrect' | 'mc1Incorrect'>) =>
  rulers.find((ruler) => ruler.name === name)!.judge({ ...scores, bestIncorrect: scores.incorrect[0]!, mc1Incorrect: scores.incorrect });

test.each(recorded)('MC1, MC2, MC3 agree with the reference implementations', (scores) => {
  expect(judge('mc1', scores).value).toBe(scores.mc1);
  expect(judge('mc1_lm_eval', scores).value).toBe(scores.mc1_lm_eval);
  expect(judge('mc2', scores).value).toBeCloseTo(scores.mc2, 12);
  expect(judge('mc2', scores).value).toBeCloseTo(scores.mc2_lm_eval, 12);
  expect(judge('mc3', scores).value).toBe(scores.mc3);
});

test('a tie is never right', () => {
  const tie = { best: -5, correct: [-5, -6], incorrect: [-5] };
  expect(judge('mc1', tie)).toMatchObject({ verdict: 'tie', value: 0 });
  expect(judge('mc1_lm_eval', tie)).toMatchObject({ verdict: 'tie', value: 0 });
  expect(judge('mc3', tie).value).toBe(0);
  expect(judgeBinary([1, -1])).toMatchObject({ verdict: 'tie', value: 0 });
});

test.each([NaN, -Infinity, Infinity])('a score of %s is not scored, never right or wrong', (odd) => {
  for (const scores of [
    { best: odd, correct: [odd], incorrect: [-3] },
    { best: -3, correct: [-3], incorrect: [-9, odd] },
  ]) {
    for (const name of ['mc1', 'mc1_lm_eval', 'mc2', 'mc3'])
      expect(judge(name, scores)).toMatchObject({ verdict: 'not-scored', value: null, margin: null });
  }
  expect(judgeBinary([odd, 1])).toMatchObject({ verdict: 'not-scored', value: null });
});

test('MC2 does not underflow on long answers', () => {
  expect(judge('mc2', { best: -2000, correct: [-2000], incorrect: [-2001] }).value).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
});

test('binary takes the mean of both orders, so that a liking for the first letter cancels out', () => {
  expect(judgeBinary([3, -1])).toMatchObject({ verdict: 'right', value: 1, margin: 1 });
  expect(judgeBinary([1, -3])).toMatchObject({ verdict: 'wrong', value: 0 });
});

test('chance is what guessing gives', () => {
  const scores = { best: 0, correct: [0, 1], incorrect: [2, 3, 4] };
  expect(judge('mc1', scores).chance).toBe(1 / 4);
  expect(judge('mc2', scores).chance).toBe(2 / 5);
  expect(judge('mc3', scores).chance).toBe(1 / 4);
});
