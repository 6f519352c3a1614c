/** Small cases in which everything can be tried. */
import { describe, expect, test } from 'vitest';
import { conjugateGradient } from '../numerics/conjugate-gradient.ts';
import { minimiseTogether } from '../numerics/lbfgs.ts';
import { normalNumbers } from '../numerics/gaussian.ts';
import { seededRandom } from '../numerics/random.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import { panelColumns } from '../numerics/simd-module.ts';
import { bimodality } from './crc-bss.ts';
import { dbscan, exploreDensity, knee, neighbourDistances } from './dbscan.ts';
import { twoClusters } from './kmeans.ts';
import { logistic } from './logistic.ts';
import type { States } from './reader.ts';
import { plantedStates } from './testing/planted.ts';

test('k-means finds the best of all ways to cut nine points in two', () => {
  const normal = normalNumbers(seededRandom(3));
  for (let round = 0; round < 10; round++) {
    const rows = Float32Array.from({ length: 27 }, normal);
    let best = Infinity;
    for (let cut = 1; cut < 2 ** 8; cut++) {
      let inertia = 0;
      for (const side of [0, 1]) {
        const members = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((row) => ((cut >> row) & 1) === side);
        for (let column = 0; column < 3; column++) {
          const values = members.map((row) => rows[row * 3 + column]!);
          const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
          inertia += values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        }
      }
      best = Math.min(best, inertia);
    }
    const found = Math.min(...twoClusters(RowMatrix.of(rows, 9, 3), 60, 100, round).map((run) => run.inertia));
    expect(found).toBeCloseTo(best, 4);
  }
});

test('the slope of bimodality agrees with finite differences', () => {
  const values = [-2.1, -1.7, -0.4, 0.3, 1.1, 1.9, 2.4];
  const column = (changed: readonly number[]): Float32Array => {
    const panel = new Float32Array(values.length * panelColumns);
    changed.forEach((value, row) => (panel[row * panelColumns + 5] = value));
    return panel;
  };
  const gradients = new Float32Array(values.length * panelColumns);
  bimodality(column(values), values.length, 5, gradients);
  const analytic = values.map((_, row) => gradients[row * panelColumns + 5]!);
  const scratch = new Float32Array(gradients.length);
  values.forEach((_, row) => {
    const at = (step: number): number =>
      bimodality(column(values.map((value, other) => (other === row ? value + step : value))), values.length, 5, scratch);
    expect((at(0.01) - at(-0.01)) / 0.02).toBeCloseTo(analytic[row]!, 3);
  });
});

describe('density', () => {
  test('one cluster of a chain, one of a heap, and a point alone', () => {
    const points = Float64Array.of(0, 1, 2, 3, 4, 20, 20.1, 20.2, 50);
    expect([...dbscan(points, 9, 1, 1.05, 2)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, -1]);
  });
  test('distances to the nearest but one, and the bend of a curve', () => {
    expect([...neighbourDistances(Float64Array.of(0, 1, 3, 7), 4, 1, 2)]).toEqual([1, 1, 2, 4]);
    expect(knee(Float64Array.of(1, 1.1, 1.2, 1.3, 9, 20))).toBe(1.3);
    expect(knee(Float64Array.of(2, 2, 2))).toBe(2);
  });
  test('two heaps of states are found without saying how far apart', () => {
    const { states } = plantedStates({ count: 300, width: 40, gap: 25, seed: 1 });
    const found = exploreDensity(states, 1, { dimensions: 3 });
    expect(found.sizes.length).toBe(2);
    expect(found.noise).toBeLessThan(30);
    const truthOf = [0, 1].map(
      (cluster) => new Set([...found.labels.keys()].filter((row) => found.labels[row] === cluster).map((row) => states.labels[row])),
    );
    expect(truthOf.every((truths) => truths.size === 1)).toBe(true);
  });
});

test('searches side by side end where each alone would, at the minimum of Rosenbrock’s valley', () => {
  const valley = (point: Float64Array): { value: number; gradient: Float64Array } => {
    const [x, y] = [point[0]!, point[1]!];
    const bend = y - x * x;
    return { value: (1 - x) ** 2 + 100 * bend * bend, gradient: Float64Array.of(-2 * (1 - x) - 400 * x * bend, 200 * bend) };
  };
  const starts = [Float64Array.of(-1.2, 1), Float64Array.of(3, -4), Float64Array.of(1, 1)];
  const minima = minimiseTogether(starts, (points) => points.map(valley), { maximumIterations: 300, tolerance: 1e-8 });
  minima.forEach(({ point, converged }) => {
    expect(converged).toBe(true);
    expect(point[0]).toBeCloseTo(1, 6);
    expect(point[1]).toBeCloseTo(1, 6);
  });
  expect(minima[2]!.iterations).toBe(0);
  expect(minimiseTogether([starts[1]!], (points) => points.map(valley), { maximumIterations: 300, tolerance: 1e-8 })[0]).toEqual(minima[1]);
});

test('conjugate gradients solve a small system', () => {
  const matrix = [
    [4, 1, 0],
    [1, 3, 1],
    [0, 1, 2],
  ];
  const apply = (v: Float64Array): Float64Array =>
    Float64Array.from(matrix, (row) => row.reduce((sum, value, index) => sum + value * v[index]!, 0));
  const { solution, residual } = conjugateGradient(apply, Float64Array.of(4, 3, 2), apply(Float64Array.of(1, -2, 3)));
  [1, -2, 3].forEach((value, index) => expect(solution[index]).toBeCloseTo(value, 9));
  expect(residual).toBeLessThan(1e-9);
});

test('cross-validation prefers a strong penalty on noise and a weak one on truth that is plain', () => {
  const chosen = (gap: number): number =>
    logistic.fit(plantedStates({ count: 120, width: 30, gap, seed: 8 }).states, 1).diagnostics['C'] as number;
  expect(chosen(0)).toBeLessThan(0.01);
  expect(chosen(12)).toBeGreaterThan(0.1);
});

test('rows of one question never help to predict each other', () => {
  // Each question has its own mark and a random label: only a reader that saw its other row could predict it.
  const random = seededRandom(4);
  const questions = 60;
  const marks = Array.from({ length: questions }, () => Float32Array.from({ length: 60 }, normalNumbers(random)));
  const rows = new Float32Array(2 * questions * 60);
  const labels = new Uint8Array(2 * questions);
  const groups: string[] = [];
  for (let row = 0; row < 2 * questions; row++) {
    const question = Math.floor(row / 2);
    rows.set(marks[question]!, row * 60);
    labels[row] = row % 2 === 0 ? Number(random() < 0.5) : labels[row - 1]!;
    groups.push(String(question));
  }
  const input: States = { kind: 'states', rows, count: 2 * questions, width: 60, labels, groups };
  const apart = { ...input, groups: groups.map((_, row) => String(row)) };
  expect(logistic.fit(input, 1).diagnostics['C']).toBeLessThan(0.1);
  expect(logistic.fit(apart, 1).diagnostics['C']).toBeGreaterThan(0.1);
});
