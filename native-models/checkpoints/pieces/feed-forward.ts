/** The feed-forward half of a block. */
import type { GraphBuilder } from '../builder.ts';
import type { Activation } from './activation.ts';
import { linear } from './linear.ts';

export interface FeedForward {
  readonly width: number;
  readonly inner: number;
  readonly activation: Activation;
  readonly bias: boolean;
}

/** `down(act(gate(x)) · up(x))`; @param at prefix of the stored names gate_proj, up_proj and down_proj */
export function gatedFeedForward(b: GraphBuilder, input: string, at: string, shape: FeedForward, name?: string): string {
  const { width, inner, activation, bias } = shape;
  const project = (layer: string, from: string, sizes: readonly [number, number], as?: string): string =>
    linear(b, from, `${at}${layer}.weight`, bias ? `${at}${layer}.bias` : null, sizes, as);
  const gate = activation(b, project('gate_proj', input, [width, inner]));
  const gated = b.node('Mul', [gate, project('up_proj', input, [width, inner])]);
  return project('down_proj', gated, [inner, width], name);
}
