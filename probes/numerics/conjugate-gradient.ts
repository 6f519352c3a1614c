/**
 * Solves A x = b for a symmetric positive definite A that is known by its products only.
 * Source: M. R. Hestenes and E. Stiefel, J. Res. Natl. Bur. Stand. 49 (1952), 409-436; preconditioned by the diagonal.
 */
import { addScaled, dot, norm } from './dense.ts';

const tolerance = 1e-10;

/**
 * @param apply A times a vector; @param diagonal a positive vector near A's diagonal
 * @returns the solution and |A x − b| / |b|
 */
export function conjugateGradient(
  apply: (vector: Float64Array) => Float64Array,
  diagonal: Float64Array,
  b: Float64Array,
): { solution: Float64Array; residual: number } {
  const solution = new Float64Array(b.length);
  const rest = Float64Array.from(b);
  const scale = norm(b);
  if (scale === 0) return { solution, residual: 0 };
  let direction = preconditioned(rest, diagonal);
  let energy = dot(rest, direction);
  for (let iteration = 0; iteration < 2 * b.length && norm(rest) > tolerance * scale; iteration++) {
    const image = apply(direction);
    const step = energy / dot(direction, image);
    addScaled(solution, step, direction);
    addScaled(rest, -step, image);
    const next = preconditioned(rest, diagonal);
    const nextEnergy = dot(rest, next);
    addScaled(next, nextEnergy / energy, direction);
    direction = next;
    energy = nextEnergy;
  }
  return { solution, residual: norm(rest) / scale };
}

function preconditioned(vector: Float64Array, diagonal: Float64Array): Float64Array {
  return vector.map((value, index) => value / diagonal[index]!);
}
