/** Queries, keys and values from weights of their own: q_proj, k_proj and v_proj. */
import type { GraphBuilder } from '../builder.ts';
import { splitHeads, type Heads } from './attention.ts';
import type { Projected } from './decoder.ts';
import { linear } from './linear.ts';

export interface Projections {
  /** Width of the stream. */
  readonly width: number;
  readonly heads: Heads;
  readonly bias: boolean;
  /** Normalises queries (`q_norm`) and keys (`k_norm`); absent where that is not done. */
  readonly normalise?: {
    /** `all`: over all heads at once, [batch, pos, heads × size]; `head`: over each head, [batch, head, pos, size]. */
    readonly over: 'all' | 'head';
    readonly apply: (input: string, weight: string, width: number) => string;
  };
}

/** @param at prefix of the stored names */
export function project(b: GraphBuilder, input: string, at: string, { width, heads, bias, normalise }: Projections): Projected {
  const part = (letter: 'q' | 'k' | 'v', count: number): string => {
    const name = `${at}${letter}_proj`;
    const all = count * heads.size;
    const norm = letter === 'v' ? undefined : normalise;
    let value = linear(b, input, `${name}.weight`, bias ? `${name}.bias` : null, [width, all]);
    if (norm?.over === 'all') value = norm.apply(value, `${at}${letter}_norm.weight`, all);
    value = splitHeads(b, value, count, heads.size);
    return norm?.over === 'head' ? norm.apply(value, `${at}${letter}_norm.weight`, heads.size) : value;
  };
  return { query: part('q', heads.heads), key: part('k', heads.keyValueHeads), value: part('v', heads.keyValueHeads) };
}
