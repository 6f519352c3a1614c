/** Products of the rows of a matrix with each other. */
import type { RowMatrix } from './row-matrix.ts';
import { panelColumns } from './simd-module.ts';

/** X · Xᵀ, count × count, row-major and symmetric; single-precision sums. */
export function gramOfRows(matrix: RowMatrix): Float64Array {
  const { count, width } = matrix;
  const gram = new Float64Array(count * count);
  const panel = new Float32Array(width * panelColumns);
  for (let first = 0; first < count; first += panelColumns) {
    const columns = Math.min(panelColumns, count - first);
    panel.fill(0);
    for (let column = 0; column < columns; column++) {
      const row = matrix.row(first + column);
      for (let index = 0; index < width; index++) panel[index * panelColumns + column] = row[index]!;
    }
    copyColumns(matrix.project(panel), gram, count, first, columns);
  }
  return gram;
}

/** Xᵀ · X, width × width, row-major and symmetric; single-precision sums. */
export function gramOfColumns(matrix: RowMatrix): Float64Array {
  const { count, width, stride, data } = matrix;
  const gram = new Float64Array(width * width);
  const weights = new Float32Array(count * panelColumns);
  for (let first = 0; first < width; first += panelColumns) {
    const columns = Math.min(panelColumns, width - first);
    weights.fill(0);
    for (let row = 0; row < count; row++)
      for (let column = 0; column < columns; column++) weights[row * panelColumns + column] = data[row * stride + first + column]!;
    copyColumns(matrix.accumulate(weights), gram, width, first, columns);
  }
  return gram;
}

function copyColumns(panel: Float32Array, gram: Float64Array, size: number, first: number, columns: number): void {
  for (let row = 0; row < size; row++)
    for (let column = 0; column < columns; column++) gram[row * size + first + column] = panel[row * panelColumns + column]!;
}
