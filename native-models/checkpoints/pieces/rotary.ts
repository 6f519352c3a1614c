/** Rotary position embeddings: pairs of numbers of queries and keys are turned by an angle that grows with the position. */
import { dataType } from '../../onnx/graph.ts';
import type { GraphBuilder } from '../builder.ts';
import type { RopeScheme } from './rope-scheme.ts';

/** What the queries and keys of the new tokens are turned by. */
export interface Rotary {
  /** Width of the rotated part of a head. */
  readonly rotated: number;
  /** [batch, seq, rotated / 2], as is the sine. */
  readonly cosine: string;
  readonly sine: string;
}

/**
 * Computes the angles of all positions once, for all blocks: a table of every possible position would be megabytes.
 * Where the frequencies depend on the length of the text, it is that of each text by itself: what is said of a text must not
 * depend on those beside it in the batch. (In transformers it is that of the longest.)
 * @param positionIds [batch, seq]; @param attentionMask [batch, past + seq]
 */
export function rotary(
  b: GraphBuilder,
  { rotated, scale, frequencies }: RopeScheme,
  { positionIds, attentionMask }: { readonly positionIds: string; readonly attentionMask: string },
): Rotary {
  const lengths = (): string =>
    b.node('Unsqueeze', [b.node('ReduceSum', [attentionMask, b.integers([1])], { keepdims: 1 }), b.integers([2])]);
  let perPosition: string;
  if (frequencies.kind === 'fixed') {
    perPosition = b.floats(frequencies.values);
  } else if (frequencies.kind === 'by-length') {
    const { limit, short, long } = frequencies;
    b.breakCache({ beyond: limit, always: false });
    perPosition = b.node('Where', [b.node('Greater', [lengths(), b.integer(limit)]), b.floats(long), b.floats(short)]);
  } else {
    b.breakCache({ beyond: frequencies.limit, always: true });
    perPosition = growing(b, lengths(), rotated, frequencies);
  }
  const positions = b.node('Unsqueeze', [b.node('Cast', [positionIds], { to: dataType.float }), b.integers([2])]);
  const angles = b.node('Mul', [positions, perPosition]);
  const scaled = (value: string): string => (scale === 1 ? value : b.node('Mul', [value, b.float(scale)]));
  return { rotated, cosine: scaled(b.node('Cos', [angles])), sine: scaled(b.node('Sin', [angles])) };
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

/** Turns heads, [batch, head, seq, size]: of the first `rotated` numbers of each, the first half is paired with the second. */
export function turn(b: GraphBuilder, heads: string, { rotated, cosine, sine }: Rotary): string {
  return b.node('RotaryEmbedding', [heads, cosine, sine], { rotary_embedding_dim: rotated });
}
