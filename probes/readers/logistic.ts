/**
 * Logistic regression with an L2 penalty that cross-validation by question chooses: the supervised reader that others are measured against.
 *
 * Minimises ½ |w|² + C Σ_i s_i log(1 + exp(−y_i (w·z_i + b))) over standardised features z, the intercept b free, as scikit-learn's
 * LogisticRegression does. C comes from scikit-learn's path (ten values from 1e-4 to 1e4), by the mean log-likelihood of held-out questions in five
 * folds; among equals the strongest penalty. Standardisation uses the features of all training rows and no labels.
 * `balanced` weights rows inversely to the size of their class, as the supervised ceiling of CCS does
 * (collin-burns/discovering_latent_knowledge:evaluate.py).
 * All folds and penalties are minimised side by side by L-BFGS, so that the states are read once for all of them.
 * Source: D. R. Cox, J. R. Stat. Soc. B 20 (1958), 215-242.
 */
import { columnScales, dot } from '../numerics/dense.ts';
import { minimiseTogether, type Evaluation, type Minimum } from '../numerics/lbfgs.ts';
import { packed, unpacked } from '../numerics/panel.ts';
import { RowMatrix } from '../numerics/row-matrix.ts';
import { panelColumns } from '../numerics/simd-module.ts';
import { spanOf } from '../numerics/span.ts';
import { sigmoid } from './reading.ts';
import type { FitOptions, Reader } from './reader.ts';
import { labelledRowReader, type LabelledRows } from './row-reader.ts';
import { groupedFolds } from './splits.ts';

export interface LogisticOptions extends FitOptions {
  /** Inverse strengths of the penalty to choose from; a single one is taken as it is. */
  readonly path?: readonly number[];
  readonly folds?: number;
  readonly balanced?: boolean;
}

/** Ten values from 1e-4 to 1e4, evenly in the logarithm. */
const defaultPath = Array.from({ length: 10 }, (_, index) => 10 ** (-4 + (8 * index) / 9));
const search = { maximumIterations: 500, tolerance: 1e-6 };

export const logistic: Reader<LogisticOptions> = labelledRowReader<LogisticOptions>(
  { id: 'logistic', normalisation: 'mean', kinds: ['pairs', 'states'] },
  (rows, seed, { path = defaultPath, folds = 5, balanced = false, progress }) => {
    const { mean, deviation } = columnScales(rows.rows, rows.count, rows.width);
    const z = standardised(rows, mean, deviation);
    // With more features than rows the whole search happens in the span of the rows, where the penalty is the same.
    const span = rows.count < rows.width ? spanOf(z) : null;
    const problem: Problem = { z: span?.coordinates ?? z, labels: rows.labels, weights: rowWeights(rows, balanced) };
    const choice = chooseStrength(problem, rows.groups, path, folds, seed);
    progress?.(0.8);
    const [fit] = solve(problem, [{ strength: choice.strength, rowWeights: problem.weights }]);
    const point = fit?.point ?? new Float64Array(problem.z.width + 1);
    const inner = point.subarray(0, problem.z.width);
    const onFeatures = span === null ? inner : span.lift(inner);
    const weights = deviation.map((value, column) => onFeatures[column]! / value);
    return {
      weights,
      bias: point[problem.z.width]! - dot(weights, mean),
      logistic: true,
      loss: null,
      diagnostics: {
        C: choice.strength,
        path,
        'held-out log-likelihood': choice.likelihoods,
        iterations: fit?.iterations ?? 0,
        converged: fit?.converged === true ? 1 : 0,
      },
    };
  },
);

interface Problem {
  readonly z: RowMatrix;
  readonly labels: Uint8Array;
  readonly weights: Float64Array;
}

/** One penalised likelihood: rows of weight zero are left out. */
interface Task {
  readonly strength: number;
  readonly rowWeights: Float64Array;
}

function standardised({ rows, count, width }: LabelledRows, mean: Float64Array, deviation: Float64Array): RowMatrix {
  const matrix = new RowMatrix(count, width);
  for (let row = 0; row < count; row++) {
    const into = matrix.row(row);
    for (let column = 0; column < width; column++) into[column] = (rows[row * width + column]! - mean[column]!) / deviation[column]!;
  }
  return matrix;
}

function rowWeights({ labels, count }: LabelledRows, balanced: boolean): Float64Array {
  const ones = labels.reduce((sum, label) => sum + label, 0);
  return Float64Array.from(labels, (label) => (balanced ? count / (2 * (label === 1 ? ones : count - ones)) : 1));
}

function chooseStrength(
  problem: Problem,
  groups: readonly string[],
  path: readonly number[],
  folds: number,
  seed: number,
): { strength: number; likelihoods: readonly number[] } {
  const usedFolds = Math.min(folds, new Set(groups).size);
  if (path.length === 1 || usedFolds < 2) return { strength: path[0]!, likelihoods: [] };
  const foldOf = groupedFolds(groups, usedFolds, seed);
  const tasks = Array.from({ length: usedFolds }, (_, fold) =>
    problem.weights.map((weight, row) => (foldOf[row] === fold ? 0 : weight)),
  ).flatMap((rowWeights) => path.map((strength) => ({ strength, rowWeights })));
  const minima = solve(problem, tasks);
  const likelihoods = new Array<number>(path.length).fill(0);
  const total = problem.weights.reduce((sum, weight) => sum + weight, 0);
  inPanels(
    problem.z,
    minima.map((minimum) => minimum.point),
    (products, first, columns) => {
      for (let row = 0; row < problem.z.count; row++) {
        const sign = problem.labels[row] === 1 ? 1 : -1;
        for (let column = 0; column < columns; column++) {
          const task = first + column;
          if (foldOf[row] !== Math.floor(task / path.length)) continue;
          const logit = products[row * panelColumns + column]! + minima[task]!.point[problem.z.width]!;
          likelihoods[task % path.length]! -= (problem.weights[row]! / total) * softplus(-sign * logit);
        }
      }
    },
  );
  const best = likelihoods.indexOf(Math.max(...likelihoods));
  return { strength: path[Math.max(0, best)]!, likelihoods };
}

function inPanels(
  z: RowMatrix,
  points: readonly Float64Array[],
  visit: (products: Float32Array, first: number, columns: number) => void,
): void {
  for (let first = 0; first < points.length; first += panelColumns) {
    const some = points.slice(first, first + panelColumns);
    visit(z.project(packed(some, z.width)), first, some.length);
  }
}

/** The last entry of a point is the intercept. Objectives are divided by C times the sum of weights, so that one tolerance suits all. */
function solve(problem: Problem, tasks: readonly Task[]): Minimum[] {
  const { z, labels } = problem;
  const totals = tasks.map((task) => task.rowWeights.reduce((sum, weight) => sum + weight, 0));
  const evaluateAll = (points: readonly Float64Array[], searches: readonly number[]): Evaluation[] => {
    const answers: Evaluation[] = [];
    for (let first = 0; first < points.length; first += panelColumns) {
      const some = points.slice(first, first + panelColumns);
      const columns = some.map((point, column) => {
        const search = searches[first + column]!;
        return { point, ...tasks[search]!, total: totals[search]! };
      });
      answers.push(...evaluatePanel(z, labels, columns));
    }
    return answers;
  };
  return minimiseTogether(
    tasks.map(() => new Float64Array(z.width + 1)),
    evaluateAll,
    search,
  );
}

function evaluatePanel(
  z: RowMatrix,
  labels: Uint8Array,
  columns: readonly (Task & { readonly point: Float64Array; readonly total: number })[],
): Evaluation[] {
  const { width } = z;
  const values = new Float64Array(columns.length);
  const interceptSlopes = new Float64Array(columns.length);
  const gradient = z.sweep(
    packed(
      columns.map(({ point }) => point),
      width,
    ),
    (firstRow, rows, products, weights) => {
      for (let row = 0; row < rows; row++) {
        const sign = labels[firstRow + row] === 1 ? 1 : -1;
        columns.forEach(({ point, rowWeights, total }, column) => {
          const at = row * panelColumns + column;
          const share = rowWeights[firstRow + row]! / total;
          const margin = sign * (products[at]! + point[width]!);
          values[column]! += share * softplus(-margin);
          const slope = -share * sign * sigmoid(-margin);
          weights[at] = slope;
          interceptSlopes[column]! += slope;
        });
      }
    },
  );
  return unpacked(gradient, width, columns.length).map((slopes, column) => {
    const { point, strength, total } = columns[column]!;
    const penalty = 1 / (strength * total);
    const whole = new Float64Array(width + 1);
    let square = 0;
    for (let index = 0; index < width; index++) {
      whole[index] = slopes[index]! + penalty * point[index]!;
      square += point[index]! * point[index]!;
    }
    whole[width] = interceptSlopes[column]!;
    return { value: values[column]! + (penalty / 2) * square, gradient: whole };
  });
}

/** log(1 + exp(x)) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
