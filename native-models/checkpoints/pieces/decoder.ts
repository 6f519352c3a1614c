/** What all decoders have in common: inputs, cache, and the residual stream with its names. */
import { dataType } from '../../onnx/graph.ts';
import type { BuiltGraph, GraphBuilder } from '../builder.ts';
import type { Config } from '../config.ts';
import type { WeightSet } from '../weights.ts';
import { softCap, type Heads } from './attention.ts';
import { linear } from './linear.ts';
import { causalMask } from './mask.ts';
import { turn, type Rotary } from './rotary.ts';

/** The inputs of the graph, named and shaped as in the ONNX exports of optimum, so that one runtime serves both. */
export interface DecoderInputs {
  /** int64 [batch, seq] */
  readonly inputIds: string;
  /** int64 [batch, past + seq] */
  readonly attentionMask: string;
  /** int64 [batch, seq] */
  readonly positionIds: string;
}

export function decoderInputs(b: GraphBuilder): DecoderInputs {
  return {
    inputIds: b.input('input_ids', dataType.int64, ['batch', 'sequence']),
    attentionMask: b.input('attention_mask', dataType.int64, ['batch', 'past + sequence']),
    positionIds: b.input('position_ids', dataType.int64, ['batch', 'sequence']),
  };
}

/** Masks by the width of their window, each made once, when it is first asked for. */
export function causalMasks(b: GraphBuilder, { inputIds, attentionMask }: DecoderInputs): (window: number | null) => string {
  const made = new Map<number | null, string>();
  return (window) => {
    const mask = made.get(window) ?? causalMask(b, inputIds, attentionMask, window);
    made.set(window, mask);
    return mask;
  };
}

/** Queries, keys and values of one block: [batch, head, pos, size] each. */
export interface Projected {
  readonly query: string;
  readonly key: string;
  readonly value: string;
}

/** Turns queries and keys to their positions, and puts the cached keys and values before the new ones. @param rotary null for no turning */
export function turnAndCache(b: GraphBuilder, block: number, heads: Heads, fresh: Projected, rotary: Rotary | null): Projected {
  const { keyValueHeads, size } = heads;
  const turned = (value: string): string => (rotary === null ? value : turn(b, value, rotary));
  const afterCached = (kind: 'key' | 'value', value: string): string => {
    const past = b.input(`past_key_values.${block}.${kind}`, dataType.float, ['batch', keyValueHeads, 'past', size]);
    const all = b.node('Concat', [past, value], { axis: 2 }, `present.${block}.${kind}`);
    return b.output(all, dataType.float, ['batch', keyValueHeads, 'past + sequence', size]);
  };
  return { query: turned(fresh.query), key: afterCached('key', turned(fresh.key)), value: afterCached('value', fresh.value) };
}

/** A part of a block: reads the stream, and returns a value called `name`, which is added to it. */
export type Part = (stream: string, name: string) => string;

/** The stream before the first block, where it is the embedding of the tokens and nothing else. @param embedding called `hook_embed` */
export function streamOf(b: GraphBuilder, embedding: string): string {
  return b.node('Identity', [b.hook(embedding, 'residual')], {}, 'blocks.0.hook_resid_pre');
}

/** Adds attention to the stream, then feed-forward to the sum. @returns the stream behind the block */
export function sequentialBlock(b: GraphBuilder, block: number, stream: string, attention: Part, feedForward: Part): string {
  const hook = (name: string, tensor: string): string => b.hook(name, 'residual', block, tensor);
  const at = `blocks.${block}.`;
  hook(`${at}hook_resid_pre`, stream);
  const attended = hook(`${at}hook_attn_out`, attention(stream, `${at}hook_attn_out`));
  const middle = hook(`${at}hook_resid_mid`, b.node('Add', [stream, attended], {}, `${at}hook_resid_mid`));
  const fed = hook(`${at}hook_mlp_out`, feedForward(middle, `${at}hook_mlp_out`));
  return hook(`${at}hook_resid_post`, b.node('Add', [middle, fed], {}, `${at}hook_resid_post`));
}

/** Adds attention and feed-forward of the same stream to it. @returns the stream behind the block */
export function parallelBlock(b: GraphBuilder, block: number, stream: string, attention: Part, feedForward: Part): string {
  const hook = (name: string, tensor: string): string => b.hook(name, 'residual', block, tensor);
  const at = `blocks.${block}.`;
  hook(`${at}hook_resid_pre`, stream);
  const attended = hook(`${at}hook_attn_out`, attention(stream, `${at}hook_attn_out`));
  const fed = hook(`${at}hook_mlp_out`, feedForward(stream, `${at}hook_mlp_out`));
  const both = b.node('Add', [fed, attended]);
  return hook(`${at}hook_resid_post`, b.node('Add', [both, stream], {}, `${at}hook_resid_post`));
}

export interface Head {
  /** Name of the stored weight [vocabulary, width]: the embedding's where the two are tied. */
  readonly weight: string;
  readonly width: number;
  readonly vocabulary: number;
  /** Logits l become c·tanh(l/c); null where they do not. */
  readonly softCap: number | null;
}

/**
 * Name of the head's weight: that of the embedding where the two are tied, in which case a stored copy of it is left alone.
 * @param tied what transformers takes for granted where config.json does not say
 */
export function headWeight(config: Config, weights: WeightSet, embedding: string, tied: boolean): string {
  if (!config.flag('tie_word_embeddings', tied)) return 'lm_head.weight';
  weights.unused(/(^|\.)(lm_head|embed_out)\.weight$/);
  return embedding;
}

/** The last normalisation, the logits, and the end of the graph. */
export function finishDecoder(b: GraphBuilder, stream: string, norm: Part, { weight, width, vocabulary, softCap: cap }: Head): BuiltGraph {
  const normed = b.hook('ln_final.hook_normalized', 'residual', null, norm(stream, 'ln_final.hook_normalized'));
  if (cap === null) linear(b, normed, weight, null, [width, vocabulary], 'logits');
  else softCap(b, linear(b, normed, weight, null, [width, vocabulary]), cap, 'logits');
  return b.finish('decoder', b.output('logits', dataType.float, ['batch', 'sequence', vocabulary]), stream);
}
