/**
 * Eigenvalues and eigenvectors of symmetric matrices: Householder's reduction to tridiagonal form, then QL with implicit shifts.
 * Source: G. H. Golub and C. F. Van Loan, Matrix Computations (4th ed.), 8.3; EISPACK's tred1 and imtql2 for the stopping rule.
 */
import { LabError } from '../lab-error.ts';
import { addScaled, dot, rowOf } from './dense.ts';

export interface Eigen {
  /** Largest first. */
  readonly values: Float64Array;
  /** Row k belongs to value k and has length one. */
  readonly vectors: Float64Array;
}

/** @param matrix size × size, symmetric; left as it is. Work grows with the cube of the size. */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const { diagonal, beside, reflectors } = tridiagonal(matrix, size);
  // Row k of `basis` is column k of the accumulated rotations, so that a rotation touches two contiguous rows.
  const basis = new Float64Array(size * size);
  for (let index = 0; index < size; index++) basis[index * size + index] = 1;
  diagonalise(diagonal, beside, (upper, cosine, sine) => {
    const a = rowOf(basis, size, upper);
    const b = rowOf(basis, size, upper + 1);
    for (let index = 0; index < size; index++) {
      const x = a[index]!;
      const y = b[index]!;
      b[index] = sine * x + cosine * y;
      a[index] = cosine * x - sine * y;
    }
  });
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]!);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    const vector = rowOf(vectors, size, to);
    vector.set(rowOf(basis, size, from));
    reflectors.toReversed().forEach((reflector) => reflect(vector, reflector));
  });
  return { values: Float64Array.from(order, (index) => diagonal[index]!), vectors };
}

/**
 * f(A) · vector for a symmetric A, f acting on the eigenvalues, without forming the eigenvectors: the rotations are played back instead.
 */
export function applySpectral(matrix: Float64Array, size: number, f: (eigenvalue: number) => number, vector: Float64Array): Float64Array {
  const { diagonal, beside, reflectors } = tridiagonal(matrix, size);
  const result = Float64Array.from(vector);
  for (const reflector of reflectors) reflect(result, reflector);
  const rotations: { readonly upper: number; readonly cosine: number; readonly sine: number }[] = [];
  const rotate = (upper: number, cosine: number, sine: number): void => {
    const x = result[upper]!;
    const y = result[upper + 1]!;
    result[upper + 1] = sine * x + cosine * y;
    result[upper] = cosine * x - sine * y;
  };
  diagonalise(diagonal, beside, (upper, cosine, sine) => {
    rotations.push({ upper, cosine, sine });
    rotate(upper, cosine, sine);
  });
  for (let index = 0; index < size; index++) result[index]! *= f(diagonal[index]!);
  for (let index = rotations.length - 1; index >= 0; index--) {
    const { upper, cosine, sine } = rotations[index]!;
    rotate(upper, cosine, -sine);
  }
  for (const reflector of reflectors.toReversed()) reflect(result, reflector);
  return result;
}

/** A reflection of the last elements of a vector: x − 2 v (vᵀx) on the elements from `from` on, with |v| = 1. */
interface Reflector {
  readonly from: number;
  readonly v: Float64Array;
}

function reflect(vector: Float64Array, { from, v }: Reflector): void {
  const tail = vector.subarray(from);
  addScaled(tail, -2 * dot(tail, v), v);
}

/** Reduces A to a tridiagonal matrix: reflectors in the order in which they were applied. */
function tridiagonal(
  matrix: Float64Array,
  size: number,
): { diagonal: Float64Array; beside: Float64Array; reflectors: readonly Reflector[] } {
  const a = Float64Array.from(matrix);
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  const reflectors: Reflector[] = [];
  for (let step = 0; step < size; step++) {
    const from = step + 1;
    diagonal[step] = a[step * size + step]!;
    if (from === size) break;
    // By symmetry the rest of row `step` is what stands below the diagonal.
    const v = a.slice(step * size + from, (step + 1) * size);
    const length = Math.sqrt(dot(v, v));
    const first = v[0]!;
    const target = first > 0 ? -length : length;
    beside[step] = target;
    v[0] = first - target;
    const vLength = Math.sqrt(dot(v, v));
    if (vLength === 0) {
      beside[step] = first;
      continue;
    }
    for (let index = 0; index < v.length; index++) v[index]! /= vLength;
    reflectors.push({ from, v });
    reflectBothSides(a, size, from, v);
  }
  return { diagonal, beside, reflectors };
}

/** (I − 2vvᵀ) A (I − 2vvᵀ) on the rows and columns from `from` on. */
function reflectBothSides(a: Float64Array, size: number, from: number, v: Float64Array): void {
  const rest = size - from;
  const w = new Float64Array(rest);
  for (let row = 0; row < rest; row++) w[row] = dot(a.subarray((from + row) * size + from, (from + row + 1) * size), v);
  const middle = dot(w, v);
  for (let index = 0; index < rest; index++) w[index] = 2 * (w[index]! - middle * v[index]!);
  for (let row = 0; row < rest; row++) {
    const line = a.subarray((from + row) * size + from, (from + row + 1) * size);
    const vRow = v[row]!;
    const wRow = w[row]!;
    for (let column = 0; column < rest; column++) line[column]! -= vRow * w[column]! + wRow * v[column]!;
  }
}

const maximumSweeps = 60;

/** Turns a tridiagonal matrix diagonal; eigenvalues end in `diagonal`, every rotation of two neighbouring columns is reported. */
function diagonalise(diagonal: Float64Array, beside: Float64Array, rotated: (upper: number, cosine: number, sine: number) => void): void {
  const size = diagonal.length;
  for (let low = 0; low < size; low++) {
    for (let sweep = 0; ; sweep++) {
      let high = low;
      while (high < size - 1 && !negligible(beside[high]!, diagonal[high]!, diagonal[high + 1]!)) high++;
      if (high === low) break;
      if (sweep === maximumSweeps)
        throw new LabError('failed', 'the eigenvalues of a matrix did not converge', 'Look for states that are not finite numbers.');
      qlSweep(diagonal, beside, low, high, rotated);
    }
  }
}

function negligible(off: number, a: number, b: number): boolean {
  return Math.abs(off) <= Number.EPSILON * (Math.abs(a) + Math.abs(b));
}

/** One sweep of QL with Wilkinson's shift over the block from `low` to `high`. */
function qlSweep(
  d: Float64Array,
  e: Float64Array,
  low: number,
  high: number,
  rotated: (upper: number, cosine: number, sine: number) => void,
): void {
  let g = (d[low + 1]! - d[low]!) / (2 * e[low]!);
  let r = Math.hypot(g, 1);
  g = d[high]! - d[low]! + e[low]! / (g + (g < 0 ? -r : r));
  let sine = 1;
  let cosine = 1;
  let shift = 0;
  for (let index = high - 1; index >= low; index--) {
    const f = sine * e[index]!;
    const b = cosine * e[index]!;
    r = Math.hypot(f, g);
    e[index + 1] = r;
    if (r === 0) {
      d[index + 1]! -= shift;
      e[high] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[index + 1]! - shift;
    r = (d[index]! - g) * sine + 2 * cosine * b;
    shift = sine * r;
    d[index + 1] = g + shift;
    g = cosine * r - b;
    rotated(index, cosine, sine);
  }
  d[low]! -= shift;
  e[low] = g;
  e[high] = 0;
}
