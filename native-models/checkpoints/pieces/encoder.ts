/** What encoders have in common: inputs, attention that sees the whole text, blocks that normalise behind each addition, and heads. */
import { dataType } from '../../onnx/graph.ts';
import type { BuiltGraph, GraphBuilder } from '../builder.ts';
import type { Config } from '../config.ts';
import type { Activation } from './activation.ts';
import { attend, splitHeads } from './attention.ts';
import type { Part } from './decoder.ts';
import { linear } from './linear.ts';
import { paddingMask } from './mask.ts';

export interface EncoderInputs {
  /** int64 [batch, seq] */
  readonly inputIds: string;
  /** Number of positions: int64 scalar. */
  readonly length: string;
  /** Added to the scores of attention. */
  readonly mask: string;
}

export function encoderInputs(b: GraphBuilder): EncoderInputs {
  const inputIds = tokenInput(b, 'input_ids');
  const length = b.node('Gather', [b.node('Shape', [inputIds]), b.integer(1)]);
  return { inputIds, length, mask: paddingMask(b, tokenInput(b, 'attention_mask')) };
}

/** An input with a whole number for each token. */
export function tokenInput(b: GraphBuilder, name: string): string {
  return b.input(name, dataType.int64, ['batch', 'sequence']);
}

/** Positions 0, 1, 2 …; int64 [seq] */
export function countedPositions(b: GraphBuilder, { length }: EncoderInputs): string {
  return b.node('Range', [b.integer(0), length, b.integer(1)]);
}

export interface SelfAttention {
  readonly width: number;
  readonly heads: number;
  /** Whether queries, keys and values have a bias; the output always has one. */
  readonly bias: boolean;
  /** Stored names, without `.weight` and `.bias`. */
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
}

/** @param mask added to the scores; null where nothing is padding */
export function selfAttention(
  b: GraphBuilder,
  block: number,
  input: string,
  layers: SelfAttention,
  mask: string | null,
  name: string,
): string {
  const { width, heads } = layers;
  const size = width / heads;
  const project = (layer: string): string =>
    splitHeads(b, linear(b, input, `${layer}.weight`, layers.bias ? `${layer}.bias` : null, [width, width]), heads, size);
  const projected = { query: project(layers.query), key: project(layers.key), value: project(layers.value) };
  const mixed = attend(b, { heads, keyValueHeads: heads, size }, { block, ...projected, mask, scale: size ** -0.5 });
  return dense(b, mixed, layers.output, [width, width], name);
}

export interface PlainFeedForward {
  readonly width: number;
  readonly inner: number;
  readonly activation: Activation;
  /** Stored names of the two layers, without `.weight` and `.bias`. */
  readonly up: string;
  readonly down: string;
}

export function plainFeedForward(b: GraphBuilder, input: string, layers: PlainFeedForward, name: string): string {
  const { width, inner, activation, up, down } = layers;
  return dense(b, activation(b, dense(b, input, up, [width, inner])), down, [inner, width], name);
}

/** A layer with a bias. @param at its stored name, without `.weight` and `.bias` */
export function dense(b: GraphBuilder, input: string, at: string, sizes: readonly [number, number], name?: string): string {
  return linear(b, input, `${at}.weight`, `${at}.bias`, sizes, name);
}

/**
 * The stream before the first block: the embeddings, added up and normalised. @param stream called `hook_full_embed`
 * @returns the stream
 */
export function fullEmbedding(b: GraphBuilder, stream: string): string {
  return b.hook('hook_full_embed', 'residual', null, stream);
}

export interface PostNormBlock {
  readonly attention: Part;
  readonly normAttention: Part;
  readonly feedForward: Part;
  readonly normFeedForward: Part;
}

/**
 * Attention and feed-forward, each added to the stream and the sum normalised.
 * The stream behind a block is what the next one reads, the normalised sum; TransformerLens calls it
 * `hook_normalized_resid_post` in such models, and `ln1.hook_normalized` what lies between the two halves.
 * @returns the stream behind the block
 */
export function postNormBlock(b: GraphBuilder, block: number, stream: string, parts: PostNormBlock): string {
  const at = `blocks.${block}.`;
  const hook = (name: string, tensor = name): string => b.hook(name, 'residual', block, tensor);
  hook(`${at}hook_resid_pre`, stream);
  const attended = hook(parts.attention(stream, `${at}hook_attn_out`));
  const middle = hook(parts.normAttention(b.node('Add', [stream, attended]), `${at}ln1.hook_normalized`));
  const fed = hook(parts.feedForward(middle, `${at}hook_mlp_out`));
  const behind = hook(parts.normFeedForward(b.node('Add', [middle, fed]), `${at}hook_resid_post`));
  return hook(`${at}hook_normalized_resid_post`, behind);
}

export type EncoderHead = 'masked-lm' | 'sequence-classification';

/**
 * The head that `architectures` asks for. Null for none, and for heads that the lab has no use for (spans of an answer,
 * choices): of those the states are read.
 */
export function encoderHead(config: Config): EncoderHead | null {
  const [architecture = ''] = config.texts('architectures', []);
  if (/For(MaskedLM|PreTraining)$/.test(architecture)) return 'masked-lm';
  return architecture.endsWith('ForSequenceClassification') ? 'sequence-classification' : null;
}

/** Number of classes: as many as `id2label` names; transformers writes none for the default of two. */
export function classCount(config: Config): number {
  const labels = config.below('id2label');
  let count = 0;
  while (labels.has(String(count))) count += 1;
  return count > 0 ? count : config.size('num_labels', 2);
}

/** The state of the first token, which stands for the whole: [batch, width]. */
export function firstPosition(b: GraphBuilder, states: string): string {
  return b.node('Gather', [states, b.integer(0)], { axis: 1 });
}

/** Ends the graph of an encoder without a head. @param stream the states behind the last block */
export function finishStates(b: GraphBuilder, stream: string, width: number): BuiltGraph {
  const states = b.node('Identity', [stream], {}, 'last_hidden_state');
  return b.finish('encoder', b.output(states, dataType.float, ['batch', 'sequence', width]), stream);
}

/** Ends the graph with logits for every token. @param logits called `logits` */
export function finishTokenLogits(b: GraphBuilder, logits: string, vocabulary: number, stream: string): BuiltGraph {
  return b.finish('encoder', b.output(logits, dataType.float, ['batch', 'sequence', vocabulary]), stream);
}

/** Ends the graph with a logit for every class. @param first the state that the head is applied to, [batch, width] */
export function finishClassLogits(
  b: GraphBuilder,
  task: 'encoder' | 'image-classifier',
  logits: string,
  classes: number,
  first: string,
): BuiltGraph {
  return b.finish(task, b.output(logits, dataType.float, ['batch', classes]), first);
}
