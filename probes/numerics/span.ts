/**
 * Rows in coordinates of their own span. Fewer rows than features lie in a space of as many dimensions as there are rows, and whatever depends only on
 * lengths and angles there (a penalised linear fit, say) can be computed in it and brought back.
 * X = L Qᵀ with Q orthonormal, where L Lᵀ = X Xᵀ is Cholesky's factorisation: row i of L holds the coordinates of row i of X.
 */
import { addScaled, dot } from './dense.ts';
import { gramOfRows } from './gram.ts';
import { RowMatrix } from './row-matrix.ts';

export interface Span {
  /** count × count */
  readonly coordinates: RowMatrix;
  /** Q · point: from coordinates to features. */
  lift(point: Float64Array): Float64Array;
}

/** Pivots below this share of the row's square length are rounding: the row depends on those before it. */
const dependent = 1e-5;

export function spanOf(matrix: RowMatrix): Span {
  const { count, width } = matrix;
  const factor = gramOfRows(matrix);
  const used = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const line = factor.subarray(row * count, (row + 1) * count);
    for (let column = 0; column < row; column++) {
      if (used[column] === 0) line[column] = 0;
      else {
        const above = factor.subarray(column * count, column * count + column);
        line[column] = (line[column]! - dot(line.subarray(0, column), above)) / factor[column * count + column]!;
      }
    }
    const before = line.subarray(0, row);
    const pivot = line[row]! - dot(before, before);
    used[row] = pivot > dependent * line[row]! ? 1 : 0;
    line[row] = used[row] === 1 ? Math.sqrt(pivot) : 0;
    line.fill(0, row + 1);
  }
  const coordinates = new RowMatrix(count, count);
  for (let row = 0; row < count; row++) coordinates.row(row).set(factor.subarray(row * count, (row + 1) * count));
  return {
    coordinates,
    lift(point) {
      // Q · point = Xᵀ a with Lᵀ a = point, solved from the last row up.
      const rest = Float64Array.from(point);
      const lifted = new Float64Array(width);
      for (let row = count - 1; row >= 0; row--) {
        if (used[row] === 0) continue;
        const share = rest[row]! / factor[row * count + row]!;
        addScaled(rest.subarray(0, row), -share, factor.subarray(row * count, row * count + row));
        addScaled(lifted, share, matrix.row(row));
      }
      return lifted;
    },
  };
}
