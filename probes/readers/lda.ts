/**
 * Linear discriminant analysis with the covariance within classes shrunk as far as Ledoit and Wolf's estimate says.
 *
 * Σ = Σ_c π_c S_c [(1 − δ_c) C_c + δ_c μ_c I] S_c: per class c its share π_c, the correlation matrix C_c of its rows, their standard deviations
 * S_c, the shrinkage δ_c estimated on the standardised rows and μ_c the mean variance there (1). Weights Σ⁻¹(μ_true − μ_false), boundary with the
 * classes' shares as priors: as scikit-learn's LinearDiscriminantAnalysis(solver='lsqr', shrinkage='auto').
 * Source: O. Ledoit and M. Wolf, J. Multivar. Anal. 88 (2004), 365-411; R. A. Fisher, Annals of Eugenics 7 (1936), 179-188.
 */
import { conjugateGradient } from '../numerics/conjugate-gradient.ts';
import { addScaled, columnScales, difference, dot, rowsTimes, weightedRows } from '../numerics/dense.ts';
import { gramOfColumns, gramOfRows } from '../numerics/gram.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import { classesOf, withinClass } from './classes.ts';
import type { Reader } from './reader.ts';
import { labelledRowReader } from './row-reader.ts';

/** Keeps the covariance invertible where nothing was shrunk and a feature does not vary within classes; as a share of the mean variance. */
const leastRidge = 1e-9;

export const lda: Reader = labelledRowReader({ id: 'lda', normalisation: 'mean', kinds: ['pairs', 'states'] }, (rows) => {
  const { count, width } = rows;
  const classes = classesOf(rows);
  const { trueMean, falseMean, trueCount } = classes;
  const parts = ([1, 0] as const).map((label) => shrunkCovariance(withinClass(rows, classes, [label])));
  const shares = [trueCount / count, 1 - trueCount / count] as const;
  const ridge = new Float64Array(width);
  const diagonal = new Float64Array(width);
  parts.forEach((part, index) => {
    addScaled(ridge, shares[index]!, part.ridge);
    addScaled(diagonal, (shares[index]! * (1 - part.shrinkage)) / part.count, part.squares);
  });
  const floor = (leastRidge * diagonal.reduce((sum, value) => sum + value, 0)) / width;
  ridge.forEach((value, column) => (ridge[column] = Math.max(value, floor)));
  addScaled(diagonal, 1, ridge);
  const apply = (vector: Float64Array): Float64Array => {
    const image = vector.map((value, column) => value * ridge[column]!);
    parts.forEach((part, index) => {
      const products = rowsTimes(part.rows, part.count, width, vector);
      addScaled(image, (shares[index]! * (1 - part.shrinkage)) / part.count, weightedRows(part.rows, part.count, width, products));
    });
    return image;
  };
  const { solution, residual } = conjugateGradient(apply, diagonal, difference(trueMean, falseMean));
  const middle = (dot(solution, trueMean) + dot(solution, falseMean)) / 2;
  return {
    weights: solution,
    bias: Math.log(shares[0] / shares[1]) - middle,
    logistic: true,
    loss: null,
    diagnostics: { 'shrinkage true': parts[0]!.shrinkage, 'shrinkage false': parts[1]!.shrinkage, residual },
  };
});

interface ShrunkCovariance {
  /** Rows less their mean, count × width. */
  readonly rows: Float32Array;
  readonly count: number;
  /** Sum of squares of each column. */
  readonly squares: Float64Array;
  readonly shrinkage: number;
  /** What is added to the diagonal: shrinkage · mean standardised variance · the feature's variance. */
  readonly ridge: Float64Array;
}

function shrunkCovariance(centred: RowMatrix): ShrunkCovariance {
  const { count, width } = centred;
  const rows = new Float32Array(count * width);
  for (let row = 0; row < count; row++) rows.set(centred.row(row), row * width);
  const { deviation } = columnScales(rows, count, width);
  const standardised = new RowMatrix(count, width);
  const squares = new Float64Array(width);
  for (let row = 0; row < count; row++) {
    const into = standardised.row(row);
    for (let column = 0; column < width; column++) {
      const value = rows[row * width + column]!;
      into[column] = value / deviation[column]!;
      squares[column]! += value * value;
    }
  }
  const { shrinkage, meanVariance } = ledoitWolf(standardised);
  return { rows, count, squares, shrinkage, ridge: deviation.map((value) => shrinkage * meanVariance * value * value) };
}

/**
 * Ledoit and Wolf's shrinkage of the covariance of centred rows towards a multiple of the identity.
 * The squares of the covariance's entries sum to those of the product of the rows with each other, whichever is smaller.
 */
export function ledoitWolf(centred: RowMatrix): { shrinkage: number; meanVariance: number } {
  const { count, width } = centred;
  let trace = 0;
  let fourth = 0;
  for (let row = 0; row < count; row++) {
    const square = dot(centred.row(row), centred.row(row));
    trace += square / count;
    fourth += square * square;
  }
  const gram = width <= count ? gramOfColumns(centred) : gramOfRows(centred);
  const covarianceSquares = dot(gram, gram) / (count * count);
  const meanVariance = trace / width;
  const noise = (fourth / count - covarianceSquares) / (width * count);
  const spread = (covarianceSquares - 2 * meanVariance * trace + width * meanVariance * meanVariance) / width;
  const cut = Math.min(noise, spread);
  return { shrinkage: cut <= 0 || spread <= 0 ? 0 : cut / spread, meanVariance };
}
