/**
 * Gemma 2 and Gemma 3: norms before and after attention and feed-forward, an embedding scaled by √width, and blocks with and
 * without a sliding window in turns. Gemma 2 bounds scores and logits by tanh; Gemma 3 normalises queries and keys instead,
 * and rotates slower in the blocks that see everything. Of a multimodal Gemma 3 the language model is opened.
 */
import { GraphBuilder, type BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import { activationOf } from '../pieces/activation.ts';
import { attend } from '../pieces/attention.ts';
import {
  causalMasks,
  decoderInputs,
  finishDecoder,
  headWeight,
  sequentialBlock,
  streamOf,
  turnAndCache,
  type DecoderInputs,
} from '../pieces/decoder.ts';
import { lookUp } from '../pieces/embedding.ts';
import { gatedFeedForward } from '../pieces/feed-forward.ts';
import { linear } from '../pieces/linear.ts';
import { rmsNormFromOne } from '../pieces/normalisation.ts';
import { project, type Projections } from '../pieces/projections.ts';
import { ropeScheme, schemeOf } from '../pieces/rope-scheme.ts';
import { rotary, type Rotary } from '../pieces/rotary.ts';
import { windowsByType } from '../pieces/windows.ts';
import type { WeightSet } from '../weights.ts';
import type { Family } from './family.ts';

interface Generation {
  /** How scores and logits are bounded where config.json does not say it; null for not at all. */
  readonly scoreCap: number | null;
  readonly logitCap: number | null;
  readonly headNorms: boolean;
  /** Every which block sees everything. */
  readonly period: (config: Config) => number;
  /** Rotations of the blocks that see everything, and of those with a window. */
  readonly rotations: (
    b: GraphBuilder,
    config: Config,
    headSize: number,
    inputs: DecoderInputs,
  ) => { readonly full: Rotary; readonly windowed: Rotary };
}

function build(config: Config, weights: WeightSet, generation: Generation): BuiltGraph {
  config.only('use_bidirectional_attention', false);
  // Gemma 3 has the key, but transformers makes no use of it.
  if (generation.scoreCap === null) config.only('attn_logit_softcapping', null);
  const b = new GraphBuilder(weights);
  const blocks = config.size('num_hidden_layers', 26);
  const width = config.size('hidden_size', 2304);
  const vocabulary = config.size('vocab_size', 262_208);
  const heads = {
    heads: config.size('num_attention_heads', 8),
    keyValueHeads: config.size('num_key_value_heads', 4),
    size: config.size('head_dim', 256),
  };
  const norm = { width, epsilon: config.number('rms_norm_eps', 1e-6) };
  const normed = (input: string, weight: string, name?: string): string => rmsNormFromOne(b, input, weight, norm, name);
  const bias = config.flag('attention_bias', false);
  const projections: Projections = {
    width,
    heads,
    bias,
    ...(generation.headNorms && {
      normalise: { over: 'head', apply: (input, weight, size) => rmsNormFromOne(b, input, weight, { ...norm, width: size }) },
    }),
  };
  const activation = activationOf(config, 'hidden_activation', 'gelu_pytorch_tanh');
  const feedForward = { width, inner: config.size('intermediate_size', 9216), activation, bias: false };
  const scale = config.number('query_pre_attn_scalar', 256) ** -0.5;
  const softCap = config.optionalNumber('attn_logit_softcapping', generation.scoreCap);

  const inputs = decoderInputs(b);
  const mask = causalMasks(b, inputs);
  const period = generation.period(config);
  const window = windowsByType(config, blocks, config.optionalSize('sliding_window', 4096), (block) => (block + 1) % period !== 0);
  const rotations = generation.rotations(b, config, heads.size, inputs);

  const rows = lookUp(b, 'model.embed_tokens.weight', [vocabulary, width], inputs.inputIds);
  let stream = streamOf(b, b.node('Mul', [rows, b.float(Math.sqrt(width))], {}, 'hook_embed'));
  for (let block = 0; block < blocks; block++) {
    const at = `model.layers.${block}.`;
    const attention = (input: string, name: string): string => {
      const fresh = project(b, normed(input, `${at}input_layernorm.weight`), `${at}self_attn.`, projections);
      const ready = turnAndCache(b, block, heads, fresh, window(block) === null ? rotations.full : rotations.windowed);
      const mixed = attend(b, heads, { block, ...ready, mask: mask(window(block)), scale, softCap });
      const output = `${at}self_attn.o_proj`;
      const out = linear(b, mixed, `${output}.weight`, bias ? `${output}.bias` : null, [heads.heads * heads.size, width]);
      return normed(out, `${at}post_attention_layernorm.weight`, name);
    };
    const fed = (input: string, name: string): string => {
      const out = gatedFeedForward(b, normed(input, `${at}pre_feedforward_layernorm.weight`), `${at}mlp.`, feedForward);
      return normed(out, `${at}post_feedforward_layernorm.weight`, name);
    };
    stream = sequentialBlock(b, block, stream, attention, fed);
  }
  return finishDecoder(b, stream, (input, name) => normed(input, 'model.norm.weight', name), {
    weight: headWeight(config, weights, 'model.embed_tokens.weight', true),
    width,
    vocabulary,
    softCap: config.optionalNumber('final_logit_softcapping', generation.logitCap),
  });
}

const second: Generation = {
  scoreCap: 50,
  logitCap: 30,
  headNorms: false,
  period: () => 2,
  rotations: (b, config, headSize, inputs) => {
    const all = rotary(b, ropeScheme(config, headSize), inputs);
    return { full: all, windowed: all };
  },
};

const third: Generation = {
  scoreCap: null,
  logitCap: null,
  headNorms: true,
  period: (config) => config.size('sliding_window_pattern', 6),
  rotations: (b, config, headSize, inputs) => {
    // Named by the kind of block in transformers 5; before that, a scaling held for the blocks that see everything alone.
    const named = config.below('rope_parameters');
    const full = named.has('full_attention') ? named.below('full_attention') : config.below('rope_scaling');
    const windowed = named.below('sliding_attention');
    const made = (parameters: Config, key: string, theta: number): Rotary =>
      rotary(b, schemeOf(parameters, config, parameters.number('rope_theta', config.number(key, theta)), headSize), inputs);
    return { full: made(full, 'rope_theta', 1_000_000), windowed: made(windowed, 'rope_local_base_freq', 10_000) };
  },
};

export const gemmaFamilies: readonly Family[] = [
  { modelTypes: ['gemma2'], build: (config, weights) => build(config, weights.spelling(/^model\./, ''), second) },
  { modelTypes: ['gemma3_text'], build: (config, weights) => build(config, weights.spelling(/^model\./, ''), third) },
  {
    modelTypes: ['gemma3'],
    build: (config, weights) => {
      weights.spelling(/^model\./, 'language_model.model.').spelling(/^model\./, 'model.language_model.');
      weights.spelling(/^lm_head\./, 'language_model.lm_head.');
      weights.unused(/^(model\.)?(vision_tower|multi_modal_projector)\./);
      return build(config.below('text_config'), weights, third);
    },
  },
];
