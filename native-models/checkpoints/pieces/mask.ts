/** Which keys a query may see, as numbers that are added to the scores: 0, or one that softmax makes nothing of. */
import { dataType } from '../../onnx/graph.ts';
import type { GraphBuilder } from '../builder.ts';

/** The least float32: with -Infinity, a row that may see nothing (padding on the left) would become NaN. */
const hidden = -3.4028234663852886e38;

/** What an encoder's tokens see: all that is no padding. @returns [batch, 1, 1, key] */
export function paddingMask(b: GraphBuilder, attentionMask: string): string {
  return asScores(b, b.node('Unsqueeze', [b.node('Cast', [attentionMask], { to: dataType.bool }), b.integers([1, 2])]));
}

/**
 * What a decoder's tokens see: no padding, nothing behind themselves, and nothing further back than the window.
 * The order is that of the tensors, not of position_ids: padding on the left counts for the window, as in transformers.
 * @param inputIds [batch, seq]; @param attentionMask [batch, past + seq]
 * @param window number of keys a query sees, itself included; null for all
 * @returns [batch, 1, query, key]
 */
export function causalMask(b: GraphBuilder, inputIds: string, attentionMask: string, window: number | null): string {
  const total = sizeOf(b, attentionMask, 1);
  const past = b.node('Sub', [total, sizeOf(b, inputIds, 1)]);
  const keys = b.node('Range', [b.integer(0), total, b.integer(1)]);
  const queries = b.node('Unsqueeze', [b.node('Range', [past, total, b.integer(1)]), b.integers([1])]);
  let seen = b.node('LessOrEqual', [keys, queries]);
  if (window !== null) seen = b.node('And', [seen, b.node('Greater', [keys, b.node('Sub', [queries, b.integer(window)])])]);
  const real = b.node('Unsqueeze', [b.node('Cast', [attentionMask], { to: dataType.bool }), b.integers([1, 2])]);
  return asScores(b, b.node('And', [seen, real]));
}

/** Size of one axis, as a scalar. */
function sizeOf(b: GraphBuilder, value: string, axis: number): string {
  return b.node('Gather', [b.node('Shape', [value]), b.integer(axis)]);
}

function asScores(b: GraphBuilder, seen: string): string {
  return b.node('Where', [seen, b.float(0), b.float(hidden)]);
}
