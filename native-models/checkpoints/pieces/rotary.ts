/** Rotary position embeddings: pairs of numbers of queries and keys are turned by an angle that grows with the position. */
import { dataType } from '../../onnx/graph.ts';
import type { GraphBuilder } from '../builder.ts';
import type { RopeScheme } from './rope-scheme.ts';

/** Cosines and sines, [batch, pos, rotated / 2] each. */
export interface Turns {
  readonly cosine: string;
  readonly sine: string;
}

/**
 * What queries and keys are turned by.
 * Where the frequencies depend on the length of the text, a key's angle changes as the text grows. Such keys are cached
 * before they are turned, and all of them are turned in every step: with and without cache the model says the same.
 */
export interface Rotary {
  readonly rotated: number;
  readonly queries: Turns;
  readonly keys: Turns;
  readonly cacheBeforeTurning: boolean;
}

export interface Positions {
  /** [batch, seq] */
  readonly positionIds: string;
  /** [batch, past + seq] */
  readonly attentionMask: string;
}

/** Computes the angles of all positions once, for all blocks: a table for every possible position would be megabytes. */
export function rotary(b: GraphBuilder, scheme: RopeScheme, { positionIds, attentionMask }: Positions): Rotary {
  const { rotated, scale, frequencies } = scheme;
  const turns = (positions: string, perPosition: string): Turns => {
    const angles = b.node('Mul', [b.node('Unsqueeze', [b.node('Cast', [positions], { to: dataType.float }), b.integers([2])]), perPosition]);
    const scaled = (value: string): string => (scale === 1 ? value : b.node('Mul', [value, b.float(scale)]));
    return { cosine: scaled(b.node('Cos', [angles])), sine: scaled(b.node('Sin', [angles])) };
  };
  if (frequencies.kind === 'fixed') {
    const all = turns(positionIds, b.floats(frequencies.values));
    return { rotated, queries: all, keys: all, cacheBeforeTurning: false };
  }
  // The length of each text by itself: what is said of it must not depend on the texts beside it in the batch.
  const lengths = b.node('ReduceSum', [attentionMask, b.integers([1])], { keepdims: 1 });
  const perRow = b.node('Unsqueeze', [lengths, b.integers([2])]);
  const perPosition =
    frequencies.kind === 'by-length'
      ? b.node('Where', [b.node('Greater', [perRow, b.integer(frequencies.limit)]), b.floats(frequencies.long), b.floats(frequencies.short)])
      : growing(b, perRow, rotated, frequencies);
  // Positions of all keys, past ones included: the count of real tokens before each.
  const counted = b.node('Sub', [b.node('CumSum', [attentionMask, b.integer(1)]), b.integer(1)]);
  const keyPositions = b.node('Max', [counted, b.integer(0)]);
  return { rotated, queries: turns(positionIds, perPosition), keys: turns(keyPositions, perPosition), cacheBeforeTurning: true };
}

/** @param lengths int64 [batch, 1, 1] @returns [batch, 1, rotated / 2] */
function growing(
  b: GraphBuilder,
  lengths: string,
  rotated: number,
  { limit, theta, factor }: { readonly limit: number; readonly theta: number; readonly factor: number },
): string {
  const length = b.node('Cast', [b.node('Max', [lengths, b.integer(limit)])], { to: dataType.float });
  const growth = b.node('Sub', [b.node('Mul', [length, b.float(factor / limit)]), b.float(factor - 1)]);
  const base = b.node('Mul', [b.node('Pow', [growth, b.float(rotated / (rotated - 2))]), b.float(theta)]);
  return b.node('Pow', [base, b.floats(Array.from({ length: rotated / 2 }, (_, pair) => -((2 * pair) / rotated)))]);
}

/** Turns heads, [batch, head, pos, size] to the same: the first `rotated` numbers of each, the first half of them paired with the second. */
export function turn(b: GraphBuilder, heads: string, { cosine, sine }: Turns, rotated: number): string {
  return b.node('RotaryEmbedding', [heads, cosine, sine], { rotary_embedding_dim: rotated });
}
