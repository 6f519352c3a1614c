import { expect, test } from 'vitest';
import { below, seededRandom, shuffled } from './random.ts';

test('a seed gives the same numbers, another seed others', () => {
  const draw = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('numbers are spread evenly (chi-squared over 64 cells)', () => {
  const random = seededRandom(42);
  const cells = new Array<number>(64).fill(0);
  for (let draw = 0; draw < 64_000; draw++) cells[below(random, 64)]! += 1;
  const chi2 = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  // 63 degrees of freedom: 99.9 % of samples lie below 103.4.
  expect(chi2).toBeLessThan(103.4);
});

test('a shuffle keeps every value and favours no place', () => {
  const random = seededRandom(9);
  const places = [0, 0, 0, 0];
  for (let round = 0; round < 8000; round++) {
    const order = shuffled(['a', 'b', 'c', 'd'], random);
    expect(order.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    places[order.indexOf('a')]! += 1;
  }
  for (const count of places) expect(Math.abs(count - 2000)).toBeLessThan(160);
});
