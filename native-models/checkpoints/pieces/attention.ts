/** Attention written out, so that its pattern and its heads can be read and changed. */
import type { GraphBuilder } from '../builder.ts';
import type { Config } from '../config.ts';

export interface Heads {
  /** Heads of the queries. */
  readonly heads: number;
  /** Heads of keys and values; fewer than `heads` where several queries share them. */
  readonly keyValueHeads: number;
  /** Width of one head. */
  readonly size: number;
}

/**
 * The heads as most architectures write them down.
 * @param size width of a head where config.json does not say it; null for the stream's width divided by the heads
 * @throws LabError `model-unsupported` if the heads do not divide
 */
export function headsOf(config: Config, size: number | null = null): Heads {
  const heads = config.size('num_attention_heads');
  const keyValueHeads = config.size('num_key_value_heads', heads);
  if (heads % keyValueHeads !== 0) throw config.unsupported('num_key_value_heads', `it does not divide ${heads} heads`);
  const width = config.size('hidden_size');
  if (size === null && !config.has('head_dim') && width % heads !== 0)
    throw config.unsupported('num_attention_heads', `it does not divide the width ${width}`);
  return { heads, keyValueHeads, size: config.size('head_dim', size ?? width / heads) };
}

export interface Attend {
  /** Number of the block, for the names of the hooks. */
  readonly block: number;
  /** [batch, head, query, size] */
  readonly query: string;
  /** [batch, key-value head, key, size] */
  readonly key: string;
  readonly value: string;
  /** Added to the scores; broadcasts to [batch, head, query, key]. Null where everything is seen. */
  readonly mask: string | null;
  /** What the products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Scores s become c·tanh(s/c), as in Gemma 2. */
  readonly softCap?: number | null;
}

/** [batch, pos, heads × size] → [batch, head, pos, size] */
export function splitHeads(b: GraphBuilder, input: string, heads: number, size: number): string {
  return b.node('Transpose', [b.reshape(input, [0, 0, heads, size])], { perm: [0, 2, 1, 3] });
}

/**
 * Softmax attention. Queries that share a key head are laid one after another instead of repeating the keys.
 * Makes the hooks `attn.hook_pattern` and `attn.hook_z`.
 * @returns [batch, pos, heads × size]: the heads side by side, to be projected by the caller
 */
export function attend(b: GraphBuilder, { heads, keyValueHeads, size }: Heads, attend: Attend): string {
  const { block, key, value, mask, scale } = attend;
  const at = `blocks.${block}.attn.`;
  const shared = heads !== keyValueHeads;
  const query = shared ? b.reshape(attend.query, [0, keyValueHeads, -1, size]) : attend.query;
  const products = b.node('MatMul', [query, b.node('Transpose', [key], { perm: [0, 1, 3, 2] })]);
  let scores = scale === 1 ? products : b.node('Mul', [products, b.float(scale)]);
  if (attend.softCap) scores = softCap(b, scores, attend.softCap);
  if (shared) scores = b.reshape(scores, [0, heads, -1, 0]);
  if (mask !== null) scores = b.node('Add', [scores, mask]);
  const pattern = b.hook(`${at}hook_pattern`, 'pattern', block, b.node('Softmax', [scores], { axis: -1 }, `${at}hook_pattern`));
  const grouped = shared ? b.reshape(pattern, [0, keyValueHeads, -1, 0]) : pattern;
  const mixed = b.node('MatMul', [grouped, value]);
  const ofHeads = shared ? b.reshape(mixed, [0, heads, -1, size]) : mixed;
  const z = b.hook(`${at}hook_z`, 'heads', block, b.node('Transpose', [ofHeads], { perm: [0, 2, 1, 3] }, `${at}hook_z`));
  return b.reshape(z, [0, 0, heads * size]);
}

/** Bounds values smoothly: c·tanh(x/c). */
export function softCap(b: GraphBuilder, input: string, cap: number, name?: string): string {
  return b.node('Mul', [b.node('Tanh', [b.node('Div', [input, b.float(cap)])]), b.float(cap)], {}, name);
}
