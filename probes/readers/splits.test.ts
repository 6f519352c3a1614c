import { expect, test } from 'vitest';
import { groupedFolds, splitByGroup, takeRows } from './splits.ts';
import { plantedPairs } from './testing/planted.ts';

const groups = Array.from({ length: 100 }, (_, row) => `question ${Math.floor(row / 3)}`);

test('every row is in one part, and no question in two', () => {
  const { train, validation, test } = splitByGroup(groups, { train: 0.5, validation: 0.2, test: 0.3 }, 7);
  expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(groups.map((_, row) => row));
  const parts = [train, validation, test].map((rows) => new Set(rows.map((row) => groups[row])));
  for (const [index, part] of parts.entries())
    for (const other of parts.slice(index + 1)) expect([...part].some((group) => other.has(group))).toBe(false);
  expect(parts.map((part) => part.size)).toEqual([17, 7, 10]);
});

test('a seed gives the same split, another seed another', () => {
  const split = (seed: number): unknown => splitByGroup(groups, { train: 1, validation: 0, test: 1 }, seed);
  expect(split(1)).toEqual(split(1));
  expect(split(1)).not.toEqual(split(2));
  expect(splitByGroup(groups, { train: 1, validation: 0, test: 1 }, 1).validation).toEqual([]);
});

test('small shares still get a question, and too few questions are refused', () => {
  const split = splitByGroup(['a', 'a', 'b', 'c'], { train: 0.98, validation: 0.01, test: 0.01 }, 3);
  for (const part of [split.train, split.validation, split.test]) expect(part.length).toBeGreaterThan(0);
  expect(() => splitByGroup(['a', 'a', 'b'], { train: 1, validation: 1, test: 1 }, 3)).toThrow('2 questions cannot be split into 3 parts');
});

test('folds keep questions together and are even', () => {
  const folds = groupedFolds(groups, 5, 2);
  groups.forEach((group, row) => expect(folds[row]).toBe(folds[groups.indexOf(group)]));
  const sizes = [0, 1, 2, 3, 4].map((fold) => new Set(groups.filter((_, row) => folds[row] === fold)).size);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
});

test('rows are taken with everything that belongs to them', () => {
  const { pairs } = plantedPairs({ count: 5, width: 3, gap: 1, seed: 1 });
  const taken = takeRows(pairs, [4, 1]);
  expect(taken).toMatchObject({
    kind: 'pairs',
    count: 2,
    width: 3,
    groups: ['4', '1'],
    labels: Uint8Array.of(pairs.labels[4]!, pairs.labels[1]!),
  });
  expect([...taken.negative]).toEqual([...pairs.negative.subarray(12, 15), ...pairs.negative.subarray(3, 6)]);
});
