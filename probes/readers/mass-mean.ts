/**
 * Mass-mean probes: the difference of the class means, plain or turned by the inverse of the covariance within classes.
 *
 * As published: θ = μ_true − μ_false on activations less their overall mean; p = σ(θᵀx), or for data like the training data
 * p = σ(xᵀ Σ⁺ θ), Σ the covariance within classes divided by the number of rows, Σ⁺ its pseudo-inverse without eigenvalues of at most 0.001.
 * The cut is absolute, so it depends on the scale of the states. With fewer rows than features Σ⁺ drops the part of θ that lies outside the
 * variation within classes.
 * Source: S. Marks and M. Tegmark, The Geometry of Truth (arXiv 2310.06824); saprmarks/geometry-of-truth:probes.py, `MMProbe`.
 */
import { difference, dot, meanRow } from '../numerics/dense.ts';
import { applySpectral } from '../numerics/eigen.ts';
import { gramOfColumns, gramOfRows } from '../numerics/gram.ts';
import type { RowMatrix } from '../numerics/row-matrix.ts';
import { classesOf, rowsWeighted, withinClass } from './classes.ts';
import type { FitOptions, Reader } from './reader.ts';
import { labelledRowReader, type LinearFit, type LabelledRows } from './row-reader.ts';

export interface MassMeanCovOptions extends FitOptions {
  /** Eigenvalues of the covariance up to this size are not inverted. */
  readonly tolerance?: number;
}

const frame = { normalisation: 'mean', kinds: ['pairs', 'states'] } as const;

export const massMean: Reader = labelledRowReader({ id: 'mass_mean', ...frame }, (rows) => {
  const { trueMean, falseMean } = classesOf(rows);
  return probe(rows, difference(trueMean, falseMean), {});
});

export const massMeanCov: Reader<MassMeanCovOptions> = labelledRowReader<MassMeanCovOptions>(
  { id: 'mass_mean_cov', ...frame },
  (rows, _seed, { tolerance = 1e-3 }) => {
    const classes = classesOf(rows);
    const theta = difference(classes.trueMean, classes.falseMean);
    const within = withinClass(rows, classes, [0, 1]);
    const { solution, kept } = pseudoInverse(within, theta, tolerance);
    return probe(rows, solution, { 'eigenvalues inverted': kept, tolerance });
  },
);

function probe({ rows, count, width }: LabelledRows, weights: Float64Array, diagnostics: LinearFit['diagnostics']): LinearFit {
  return { weights, bias: -dot(weights, meanRow(rows, count, width)), logistic: true, loss: null, diagnostics };
}

/**
 * Σ⁺ θ for Σ = Xᵀ X / count, by way of the smaller of the two products of X with itself:
 * Σ⁺ = Xᵀ f(X Xᵀ / count) X with f(λ) = 1 / (count · λ²) on the eigenvalues that are inverted. Work grows with the cube of the smaller side.
 */
function pseudoInverse(x: RowMatrix, theta: Float64Array, tolerance: number): { solution: Float64Array; kept: number } {
  const { count, width } = x;
  let kept = 0;
  const above = (eigenvalue: number): boolean => {
    const inverted = eigenvalue > tolerance;
    if (inverted) kept++;
    return inverted;
  };
  if (width <= count) {
    const covariance = gramOfColumns(x).map((value) => value / count);
    const solution = applySpectral(covariance, width, (value) => (above(value) ? 1 / value : 0), theta);
    return { solution, kept };
  }
  const gram = gramOfRows(x).map((value) => value / count);
  const projected = Float64Array.from({ length: count }, (_, row) => dot(x.row(row), theta));
  const inner = applySpectral(gram, count, (value) => (above(value) ? 1 / (count * value * value) : 0), projected);
  return { solution: rowsWeighted(x, inner), kept };
}
