/**
 * RepE's reading vector: the first principal component of the differences of pairs, or of single states.
 *
 * As published (`PCARepReader`, linear artificial tomography): differences h₁ − h₂ of pairs whose order within the pair is random, centred, one
 * component, no whitening; the sign is that for which the labelled member of most training pairs scores higher. Pairs are compared as they are:
 * score = v · (x⁺ − x⁻). Single states are scored by (x − mean) · v.
 * With the order given instead of random, what all x⁺ share is taken out by the centring; with random order it stays in, and may be what is found.
 * Source: A. Zou and others, Representation Engineering (arXiv 2310.01405); andyzoujm/representation-engineering:repe/rep_readers.py.
 */
import { dot, rowOf } from '../numerics/dense.ts';
import { principalComponents } from '../numerics/principal.ts';
import { seededRandom } from '../numerics/random.ts';
import { centredMatrix } from './centred.ts';
import { checkInput } from './check-input.ts';
import { differencesOf, sidesOf } from './normalise.ts';
import type { FitOptions, Reader } from './reader.ts';
import { fittedReader, readingOfDifferences, readingOfStates } from './reading.ts';
import type { LinearFit, Rows } from './row-reader.ts';
import { resolveSign } from './sign.ts';

export interface PcaOptions extends FitOptions {
  /** Order within pairs: `random` as published (the default), or `given`. */
  readonly order?: 'random' | 'given';
}

const identity = { id: 'pca', labelled: false, kinds: ['pairs', 'states'] } as const;

export const pca: Reader<PcaOptions> = {
  ...identity,
  fit(train, seed, options = {}) {
    checkInput(identity, train);
    const { count, width, groups } = train;
    const sign = options.sign ?? 'labels';
    if (train.kind === 'states') {
      const { weights, bias, ...rest } = firstComponent({ rows: train.rows, count, width, groups }, seed);
      const found = { reader: identity.id, loss: rest.loss, diagnostics: rest.diagnostics };
      return fittedReader(resolveSign(readingOfStates(found, weights, bias, false), train, sign));
    }
    const sides = sidesOf(train, options.normalisation ?? 'none');
    const rows = differencesOf(train, sides);
    if (options.order !== 'given') exchange(rows, width, seed);
    const { weights, loss, diagnostics } = firstComponent({ rows, count, width, groups }, seed);
    return fittedReader(
      resolveSign(readingOfDifferences({ reader: identity.id, loss, diagnostics }, train, sides, weights, 0, false), train, sign),
    );
  },
};

/** Exchanges the members of about half of the pairs. */
function exchange(differences: Float32Array, width: number, seed: number): void {
  const random = seededRandom(seed);
  for (let at = 0; at < differences.length; at += width) {
    if (random() < 0.5) continue;
    const row = differences.subarray(at, at + width);
    for (let column = 0; column < width; column++) row[column] = -row[column]!;
  }
}

/** The line along which centred rows vary most; the boundary lies at their mean. */
export function firstComponent(rows: Rows, seed: number): LinearFit {
  const { matrix, mean } = centredMatrix(rows);
  const { directions, variances, nextVariance, residual } = principalComponents(matrix, 1, seed);
  const weights = variances.length === 0 ? new Float64Array(rows.width) : rowOf(directions, rows.width, 0);
  let total = 0;
  for (let row = 0; row < rows.count; row++) {
    const values = matrix.row(row);
    total += dot(values, values);
  }
  return {
    weights,
    bias: -dot(weights, mean),
    logistic: false,
    loss: null,
    diagnostics: {
      explained: total === 0 ? 0 : ((variances[0] ?? 0) * rows.count) / total,
      // Near one, the component is one of several alike, and another sample would give another.
      'second to first variance': variances.length === 0 ? 0 : nextVariance / variances[0]!,
      residual,
    },
  };
}
