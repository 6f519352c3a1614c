import { expect, test } from 'vitest';
import { itemsBehind, labelOf, withDoubt } from './judgements.ts';

const names = ['belief', 'neutral', 'honest', 'role-play'];
const behind = (name: string, setting: string | null, category: string | null = null) => itemsBehind({ name, setting, category }, names);

test('a share of known items leads to the items of the verdict that it counts', () => {
  expect(behind('p_lie_known', 'role-play')).toEqual({ outcome: 'role-play', verdict: 'lying' });
  expect(behind('p_honest_known', 'role-play', 'yes-no')).toEqual({ outcome: 'role-play', verdict: 'honest', category: 'yes-no' });
});

test('a share by log-probability counts items of any verdict, and narrows to none', () => {
  for (const name of ['p_true', 'p_lie_unknown', 'p_honest_unknown']) expect(behind(name, 'role-play')).toEqual({ outcome: 'role-play' });
  expect(behind('p_true', 'neutral')).toEqual({ outcome: 'neutral' });
});

test('a ruler leads to its own judgement', () => {
  expect(itemsBehind({ name: 'mc1', setting: null, category: 'Law' }, ['binary', 'mc1'])).toEqual({ outcome: 'mc1', category: 'Law' });
});

test('what a probe warns of stands apart from what it found', () => {
  expect(withDoubt('It sees. Beware: it guesses. Look.')).toEqual({ found: 'It sees.', doubt: 'it guesses. Look.' });
  expect(withDoubt('It sees.')).toEqual({ found: 'It sees.', doubt: null });
});

test('identifiers read as labels', () => {
  expect(['role-play', 'top1', 'top5', 'mc1_lm_eval'].map(labelOf)).toEqual(['Role-play', 'Top-1', 'Top-5', 'Mc1 lm eval']);
});
