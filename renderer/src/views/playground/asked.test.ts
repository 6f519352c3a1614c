import { describe, expect, test } from 'vitest';
import { first, inShort, obstacle, problemWith, settings, withNumber, type Asked } from './asked.ts';
import { additions, alone, inText, probability } from './tokens.ts';

const asked = (change: Partial<Asked>): Asked => ({ ...first, ...change });

describe('what is asked', () => {
  test('what a newcomer finds can be run', () => {
    expect(obstacle(first)).toBeNull();
    expect(settings.map((setting) => problemWith(setting, NaN))).toEqual(settings.map(() => 'A number.'));
  });

  test('what cannot be run is named', () => {
    expect(obstacle(asked({ mode: 'plain', text: '' }))).toBe('Write a prompt.');
    expect(obstacle(asked({ messages: [{ role: 'user', content: ' ' }] }))).toBe('Write a message.');
    expect(obstacle(asked(withNumber(first, 'topP', 0)))).toBe('Look at “Top-p”.');
    expect(obstacle(asked(withNumber(first, 'seed', 1.5)))).toBe('Look at “Seed”.');
    expect(obstacle(asked(withNumber(first, 'maxTokens', 0)))).toBe('Look at “Most tokens”.');
  });

  test('settings in short', () => {
    expect(inShort(first)).toBe('greedy, at most 64 tokens');
    const sampling = { temperature: 0.8, topK: 40, topP: 0.9, repetitionPenalty: 1.1, seed: 3 };
    expect(inShort(asked({ sampling, maxTokens: 8 }))).toBe('temperature 0.8, top-p 0.9, top-k 40, seed 3, penalty 1.1, at most 8 tokens');
  });
});

describe('tokens', () => {
  test('what would not be seen is shown', () => {
    expect([inText(' a\n', 1), alone(' a\n\t', 1), alone('', 7)]).toEqual([' a↵\n', '·a↵⇥', '[7]']);
  });

  test('probabilities keep apart what is nearly certain and what is nearly impossible', () => {
    const shown = [0, Math.log(0.5), Math.log(0.995), Math.log(0.002), Math.log(0.0004), -20, NaN, -Infinity].map(probability);
    expect(shown.map((text) => text.replace('\u00a0', ' '))).toEqual([
      '100.00 %',
      '50.0 %',
      '99.50 %',
      '0.20 %',
      '0.040 %',
      '2e−9',
      '–',
      '–',
    ]);
  });

  test('a token is shown as what it added to the text, its space included', () => {
    const step = (text: string, piece: string) => ({ text, piece, token: 3, logprob: -1, alternatives: [] });
    expect(
      additions([step('Paris', 'Paris'), step('Paris is', 'is'), step('Paris is\ufffd', '\ufffd'), step('Paris isé', '\ufffd')]),
    ).toEqual(['Paris', ' is', '\ufffd', '\ufffd']);
  });
});
