import { describe, expect, test } from 'vitest';
import * as format from './format.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('numbers', () => {
  test('a percentage has the decimals that its sample can carry', () => {
    const shown = [
      { value: 0.931, low: 0.902, high: 0.953, n: 412 },
      { value: 0.931, low: 0.92, high: 0.945, n: 2000 },
      { value: 0.93104, low: 0.93, high: 0.932, n: 20_000 },
      { value: 0.5, low: null, high: null, n: 4 },
      { value: null, low: null, high: null, n: 0 },
      { value: NaN, low: 0, high: 1, n: 3 },
    ].map((estimate) => plain(format.percentWithInterval(estimate)));
    expect(shown).toEqual(['93 % [90, 95]', '93.1 % [92.0, 94.5]', '93.10 % [93.00, 93.20]', '50.0 %', '–', '–']);
  });

  test('a difference carries its sign', () => {
    expect(plain(format.pointsWithInterval({ value: 0.12, low: 0.08, high: 0.155, n: 400 }))).toBe('+12 points [+8, +16]');
    expect(plain(format.pointsWithInterval({ value: -0.012, low: -0.03, high: 0.006, n: 400 }))).toBe('−1.2 points [−3.0, +0.6]');
    expect(plain(format.pointsWithInterval({ value: 0.0001, low: -0.001, high: 0.001, n: 400 }))).toBe('0.0 points [−0.1, +0.1]');
  });

  test('a p-value has two digits and is never zero', () => {
    expect([1, 0.5, 0.034, 0.00123, 0.00001234, 0, null].map((p) => plain(format.pValue(p)))).toEqual([
      '1.0',
      '0.50',
      '0.034',
      '0.0012',
      '1.2 × 10⁻⁵',
      '< 10⁻³⁰⁰',
      '–',
    ]);
  });

  test('counts, sizes and spans', () => {
    expect([0, 1204, null].map(format.count)).toEqual(['0', '1,204', '–']);
    expect([12, 4_210, 3_800_000, 2.1e9].map((value) => plain(format.bytes(value)))).toEqual(['12 B', '4.21 kB', '3.80 MB', '2.10 GB']);
    expect([0.2, 1, 42, 240, 9000, 200_000].map((value) => plain(format.duration(value)))).toEqual([
      'under a second',
      '1 second',
      '42 seconds',
      '4 minutes',
      '2.5 hours',
      '2 days',
    ]);
    expect(plain(format.timeLeft(240))).toBe('about 4 minutes left');
    expect([24.2, 3.14, 0.25, 0, null].map((value) => plain(format.rate(value)))).toEqual([
      '24 items/s',
      '3.1 items/s',
      '4 s an item',
      '–',
      '–',
    ]);
  });
});

describe('names and times', () => {
  test('the middle is left out', () => {
    expect(format.middle('short', 10)).toBe('short');
    expect(format.middle('Meta-Llama-3.1-8B-Instruct-ONNX', 15)).toBe('Meta-Ll…ct-ONNX');
    expect(format.middle('Meta-Llama-3.1-8B-Instruct-ONNX', 15)).toHaveLength(15);
  });

  test('times are near or dated', () => {
    const now = new Date(2026, 2, 12, 15, 0);
    expect(format.when(new Date(2026, 2, 12, 9, 5).toISOString(), now)).toBe('today 09:05');
    expect(format.when(new Date(2026, 2, 11, 23, 59).toISOString(), now)).toBe('yesterday 23:59');
    expect(format.when(new Date(2025, 11, 1, 8, 0).toISOString(), now)).toBe('1 Dec 2025, 08:00');
    expect(format.when(null)).toBe('–');
  });

  test('a file name is found in either kind of path', () => {
    expect([format.fileName('/a/b/c.csv'), format.fileName('C:\\x\\y\\'), format.fileName('plain')]).toEqual(['c.csv', 'y', 'plain']);
  });

  test('a small number never looks like zero', () => {
    expect([0.1234, -0.0004, 0, 3e-9, null].map((value) => format.fixed(value, 3))).toEqual(['0.123', '−0.0004', '0.000', '3e−9', '–']);
  });
});
