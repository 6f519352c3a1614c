/** Tables that are looked up by number. */
import { dataType } from '../../onnx/graph.ts';
import type { GraphBuilder } from '../builder.ts';

/**
 * Rows of a stored table, as float32. Only the rows are cast, not the table.
 * @param indices int64, of any shape; @returns indices' shape, then width
 */
export function lookUp(b: GraphBuilder, table: string, [rows, width]: readonly [number, number], indices: string, name?: string): string {
  return b.node('Cast', [b.node('Gather', [b.weights.stored(table, [rows, width]), indices])], { to: dataType.float }, name);
}
