/**
 * L-BFGS for several functions side by side: each search asks for values and gradients at its own points, and all that ask at the same time
 * are answered together, so that the data are read once for all.
 * Source: J. Nocedal, Math. Comp. 35 (1980), 773-782 (two-loop recursion); A. S. Lewis and M. L. Overton, Math. Program. 141 (2013),
 * 135-163 (line search by bracketing, weak Wolfe conditions, which also holds for functions with kinks).
 */
import { addScaled, difference, dot, scaled } from './dense.ts';

export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Minimum extends Evaluation {
  readonly point: Float64Array;
  readonly iterations: number;
  /** Whether the gradient fell below the tolerance, rather than the search running out of turns or of numerical progress. */
  readonly converged: boolean;
}

export interface SearchOptions {
  readonly maximumIterations: number;
  /** Largest entry of the gradient at which a search ends. */
  readonly tolerance: number;
}

/** Answers points of several searches; `searches` says whose each is. */
export type EvaluateAll = (points: readonly Float64Array[], searches: readonly number[]) => readonly Evaluation[];

/** One search from every start. */
export function minimiseTogether(starts: readonly Float64Array[], evaluateAll: EvaluateAll, options: SearchOptions): Minimum[] {
  const minima: Minimum[] = [];
  let open = starts.map((start, search) => {
    const steps = lbfgs(start, options);
    return { search, steps, asked: steps.next() };
  });
  for (;;) {
    for (const { search, asked } of open) if (asked.done === true) minima[search] = asked.value;
    open = open.filter(({ asked }) => asked.done !== true);
    if (open.length === 0) return minima;
    const points = open.map(({ asked }) => asked.value as Float64Array);
    const answers = evaluateAll(
      points,
      open.map(({ search }) => search),
    );
    open = open.map(({ search, steps }, index) => ({ search, steps, asked: steps.next(answers[index]!) }));
  }
}

const memory = 10;
const sufficientDecrease = 1e-4;
const curvature = 0.9;
const maximumTrials = 30;

type Search = Generator<Float64Array, Minimum, Evaluation>;

function* lbfgs(start: Float64Array, { maximumIterations, tolerance }: SearchOptions): Search {
  let point = start;
  let here = yield point;
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  for (let iteration = 0; ; iteration++) {
    const converged = largestEntry(here.gradient) <= tolerance;
    if (converged || iteration === maximumIterations || !Number.isFinite(here.value))
      return { ...here, point, iterations: iteration, converged };
    let direction = descent(here.gradient, steps, changes);
    if (dot(direction, here.gradient) >= 0) {
      steps.length = changes.length = 0;
      direction = scaled(here.gradient, -1);
    }
    // Without memory the gradient's length says nothing about the step's.
    const firstStep = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(here.gradient, here.gradient))) : 1;
    const found = yield* lineSearch(point, here, direction, firstStep);
    if (found === null) return { ...here, point, iterations: iteration, converged: false };
    const step = difference(found.point, point);
    const change = difference(found.evaluation.gradient, here.gradient);
    if (dot(step, change) > 1e-12 * dot(change, change)) {
      steps.push(step);
      changes.push(change);
      if (steps.length > memory) {
        steps.shift();
        changes.shift();
      }
    }
    point = found.point;
    here = found.evaluation;
  }
}

/** Minus the approximate inverse Hessian times the gradient. */
function descent(gradient: Float64Array, steps: readonly Float64Array[], changes: readonly Float64Array[]): Float64Array {
  const direction = scaled(gradient, -1);
  const factors: number[] = [];
  for (let k = steps.length - 1; k >= 0; k--) {
    const factor = dot(steps[k]!, direction) / dot(steps[k]!, changes[k]!);
    factors[k] = factor;
    addScaled(direction, -factor, changes[k]!);
  }
  const last = steps.length - 1;
  if (last >= 0) {
    const scale = dot(steps[last]!, changes[last]!) / dot(changes[last]!, changes[last]!);
    for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  }
  for (let k = 0; k < steps.length; k++) {
    const factor = dot(changes[k]!, direction) / dot(steps[k]!, changes[k]!);
    addScaled(direction, factors[k]! - factor, steps[k]!);
  }
  return direction;
}

function* lineSearch(
  point: Float64Array,
  here: Evaluation,
  direction: Float64Array,
  firstStep: number,
): Generator<Float64Array, { point: Float64Array; evaluation: Evaluation } | null, Evaluation> {
  const slope = dot(direction, here.gradient);
  let low = 0;
  let high = Infinity;
  let step = firstStep;
  let best: { point: Float64Array; evaluation: Evaluation } | null = null;
  for (let trial = 0; trial < maximumTrials; trial++) {
    const next = Float64Array.from(point);
    addScaled(next, step, direction);
    const evaluation = yield next;
    if (!(evaluation.value <= here.value + sufficientDecrease * step * slope)) high = step;
    else {
      best = { point: next, evaluation };
      if (dot(direction, evaluation.gradient) >= curvature * slope) return best;
      low = step;
    }
    step = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return best;
}

function largestEntry(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}
