/** Readers against scikit-learn, NumPy and PyTorch; `fixtures/record.py` says how the values were made. */
import { describe, expect, test } from 'vitest';
import { dot, norm, rowOf } from '../numerics/dense.ts';
import { packed } from '../numerics/panel.ts';
import { principalComponents } from '../numerics/principal.ts';
import { panelColumns } from '../numerics/simd-module.ts';
import { addCcsLoss, emptySums } from './ccs-loss.ts';
import { ccs, descend, minimise } from './ccs.ts';
import { centredMatrix } from './centred.ts';
import { classesOf, withinClass } from './classes.ts';
import { searchTogether } from './crc-bss.ts';
import { crcTpc } from './crc-tpc.ts';
import { dbscan } from './dbscan.ts';
import recorded from './fixtures/readers.json' with { type: 'json' };
import { kmeans } from './kmeans.ts';
import { lda, ledoitWolf } from './lda.ts';
import { logistic } from './logistic.ts';
import { massMean, massMeanCov } from './mass-mean.ts';
import { alternatingRows, differencesOf, sidesOf } from './normalise.ts';
import { pca } from './pca.ts';
import type { FittedReader, Pairs, States } from './reader.ts';
import { rowNames } from './testing/planted.ts';

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
  return dot(x, y) / (norm(x) * norm(y));
}

describe.each([
  ['more rows than features', recorded.tall],
  ['more features than rows', recorded.wide],
])('with labels, %s', (_, { count, width, ...values }) => {
  const states: States = {
    kind: 'states',
    rows: Float32Array.from(values.rows),
    count,
    width,
    labels: Uint8Array.from(values.labels),
    groups: rowNames(count),
  };
  const labelled = { ...states, labels: states.labels! };

  /** Logits are recorded: the scores must agree with them but for the length of the weights. */
  function agree(fitted: FittedReader, { direction, logits }: { direction: number[]; logits: number[] }, tolerance: number): void {
    expect(cosine(fitted.direction, direction)).toBeGreaterThan(1 - tolerance ** 2);
    const { probability } = fitted.reading;
    const scale = probability?.kind === 'logistic' ? probability.scale : NaN;
    const largest = Math.max(...logits.map(Math.abs));
    fitted.scoreInput(states).forEach((score, row) => expect(Math.abs(scale * score - logits[row]!) / largest).toBeLessThan(tolerance));
    fitted.probabilities(states)!.forEach((p, row) => expect(p).toBeCloseTo(1 / (1 + Math.exp(-logits[row]!)), 2));
  }

  test.each(values.logistic)('logistic regression, C $C, balanced $balanced', ({ C, balanced, ...expected }) =>
    agree(logistic.fit(states, 1, { path: [C], balanced }), expected, 1e-3),
  );
  test('linear discriminant analysis', () => agree(lda.fit(states, 1), values.lda, 1e-4));
  test('shrinkage of each class', () =>
    ([1, 0] as const).forEach((label, index) => {
      const rows = withinClass(labelled, classesOf(labelled), [label]);
      for (let column = 0; column < width; column++) {
        let square = 0;
        for (let row = 0; row < rows.count; row++) square += rows.row(row)[column]! ** 2;
        for (let row = 0; row < rows.count; row++) rows.row(row)[column]! /= Math.sqrt(square / rows.count);
      }
      expect(ledoitWolf(rows).shrinkage).toBeCloseTo(values.ledoitWolf[index]!, 5);
    }));
  test('mass mean', () => agree(massMean.fit(states, 1), values.massMean, 1e-5));
  test('mass mean with covariance', () => agree(massMeanCov.fit(states, 1), values.massMeanCov, 2e-3));

  test('principal components', () => {
    const { matrix } = centredMatrix(states);
    const { directions, variances } = principalComponents(matrix, 3, 1);
    for (let k = 0; k < 3; k++) {
      expect(variances[k]! / values.pca.variances[k]!).toBeCloseTo(1, 4);
      expect(Math.abs(cosine(rowOf(directions, width, k), rowOf(Float64Array.from(values.pca.components), width, k)))).toBeGreaterThan(
        1 - 1e-6,
      );
    }
    expect(Math.abs(cosine(pca.fit(states, 1).direction, values.pca.components.slice(0, width)))).toBeGreaterThan(1 - 1e-6);
  });

  test('k-means from many starts reaches the inertia that scikit-learn reaches', () =>
    expect(kmeans.fit(states, 1, { starts: 600 }).loss! / values.kmeans).toBeLessThan(1 + 1e-5));
});

describe('on contrast pairs', () => {
  const { count, width, ...values } = recorded.pairs;
  const pairs: Pairs = {
    kind: 'pairs',
    positive: Float32Array.from(values.positive),
    negative: Float32Array.from(values.negative),
    count,
    width,
    labels: Uint8Array.from(values.labels),
    groups: rowNames(count),
  };
  const sides = sidesOf(pairs, 'mean');
  const rows = alternatingRows(pairs, sides);
  const probe = (start: number[]): { weights: Float64Array; bias: number } => ({
    weights: Float64Array.from(start.slice(0, width)),
    bias: start[width]!,
  });

  test.each(values.runs)('the loss of CCS and its gradient', ({ start, firstLoss, gradient }) => {
    const { weights, bias } = probe(start);
    const sums = emptySums();
    const slopes = rows.sweep(packed([weights], width), (_, rowCount, products, rowWeights) =>
      addCcsLoss(products, rowCount, 1, [bias], 1 / count, rowWeights, sums),
    );
    expect(sums.losses[0]).toBeCloseTo(firstLoss, 6);
    for (let column = 0; column < width; column++) expect(slopes[column * panelColumns]).toBeCloseTo(gradient[column]!, 6);
    expect(sums.biasGradients[0]).toBeCloseTo(gradient[width]!, 6);
  });

  test('AdamW follows PyTorch from the same starts, several at once', () => {
    for (const settings of [values.runs.slice(0, 2), values.runs.slice(2)]) {
      const runs = descend(
        rows,
        settings.map((run) => probe(run.start)),
        settings[0]!,
      );
      runs.forEach((run, index) => {
        const expected = settings[index]!;
        expect(run.loss).toBeCloseTo(expected.loss, 5);
        expect(run.bias).toBeCloseTo(expected.bias, 4);
        run.weights.forEach((weight, column) => expect(weight).toBeCloseTo(expected.theta[column]!, 4));
      });
    }
  });

  test('L-BFGS ends as low as PyTorch’s', () => {
    const [run] = minimise(rows, [probe(values.lbfgs.start)], { iterations: 1000, weightDecay: 0.01 });
    const regularised = run!.loss + 0.005 * (dot(run!.weights, run!.weights) + run!.bias ** 2);
    expect(regularised).toBeLessThan(values.lbfgs.regularised + 1e-5);
  });

  test('the published search for two heaps follows PyTorch', () => {
    const { matrix } = centredMatrix({ rows: differencesOf(pairs, sides), count, width, groups: pairs.groups });
    const start = Float64Array.from(values.bss.start);
    expect(searchTogether(matrix, [start], 0, 0.1).losses[0]).toBeCloseTo(values.bss.firstLoss, 5);
    const { directions, losses } = searchTogether(matrix, [start], 20, 0.1);
    expect(losses[0]).toBeCloseTo(values.bss.loss, 4);
    expect(cosine(directions[0]!, values.bss.theta)).toBeGreaterThan(1 - 1e-6);
  });

  test('top principal component', () => expect(Math.abs(cosine(crcTpc.fit(pairs, 1).direction, values.tpc))).toBeGreaterThan(1 - 1e-6));

  test('logistic regression on differences', () => {
    const fitted = logistic.fit(pairs, 1, { path: [values.logistic.C] });
    expect(cosine(fitted.direction, values.logistic.direction)).toBeGreaterThan(1 - 1e-6);
    fitted.probabilities(pairs)!.forEach((p, pair) => expect(p).toBeCloseTo(values.logistic.probabilities[pair]!, 3));
  });

  test('the probability of a pair is the authors’ average of both sides', () => {
    const fitted = ccs.fit(pairs, 3, { epochs: 40 });
    const { scale, bias } = fitted.reading.probability as { scale: number; bias: number };
    fitted.probabilities(pairs)!.forEach((p, pair) => {
      const side = (from: Float32Array, mean: Float64Array): number => {
        const logit = rowOf(from, width, pair).reduce(
          (sum, x, column) => sum + scale * fitted.direction[column]! * (x - mean[column]!),
          bias,
        );
        return 1 / (1 + Math.exp(-logit));
      };
      const expected = (side(pairs.positive, sides.positive.mean) + 1 - side(pairs.negative, sides.negative.mean)) / 2;
      expect(p).toBeCloseTo(expected, 9);
      expect(p > 0.5).toBe(fitted.scoreInput(pairs)[pair]! > 0);
    });
  });
});

test('density clusters are scikit-learn’s but for their numbers', () => {
  const { count, points, eps, minimumPoints, labels } = recorded.density;
  const found = dbscan(Float64Array.from(points), count, 2, eps, minimumPoints);
  const renamed = new Map<number, number>();
  found.forEach((label, point) => {
    const theirs = labels[point]!;
    expect(label === -1).toBe(theirs === -1);
    if (!renamed.has(theirs)) renamed.set(theirs, label);
    expect(label).toBe(renamed.get(theirs));
  });
  expect(new Set(renamed.values()).size).toBe(renamed.size);
});
