import { expect, test } from 'vitest';
import { threadsFor } from './threads.ts';

test('one engine leaves a core to the window where there are several; engines at work together share the rest', () => {
  expect([1, 2, 3, 16].map((cores) => threadsFor(1, cores))).toEqual([1, 2, 2, 15]);
  expect([1, 2, 3, 16].map((cores) => threadsFor(2, cores))).toEqual([1, 1, 1, 7]);
  expect([threadsFor(0, 8), threadsFor(40, 8)]).toEqual([7, 1]);
});
