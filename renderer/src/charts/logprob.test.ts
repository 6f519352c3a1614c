import { expect, test } from 'vitest';
import { probabilityOf, shade, totalLogprob, visible } from './logprob.ts';

test('a sum over a gap is missing, not a number', () => {
  expect(totalLogprob([-1, -2.5])).toBe(-3.5);
  expect([totalLogprob([-1, NaN]), totalLogprob([-Infinity]), totalLogprob([])]).toEqual([null, null, null]);
  expect(probabilityOf(NaN)).toBeNull();
});

test('shade grows with probability and is nothing where there is none', () => {
  const shades = [NaN, -20, Math.log(0.001), Math.log(0.01), Math.log(0.5), 0].map(shade);
  expect(shades).toEqual([0, 0, 0, 20, 54, 60]);
});

test('white space that matters is seen, and nothing is lost', () => {
  expect(visible(' a  b\nc ').map((glyph) => glyph.text)).toEqual(['·', 'a', '··', 'b', '↵', '\n', 'c', '·']);
  expect(visible('one two')).toEqual([{ kind: 'text', text: 'one two' }]);
  expect(visible('<b>x</b>')).toEqual([{ kind: 'text', text: '<b>x</b>' }]);
});
