/**
 * Llama and the architectures that follow it: RMS norms before attention and feed-forward, rotary positions, keys and values
 * shared by groups of queries, a gated feed-forward. What tells them apart stands in the table at the end.
 */
import { GraphBuilder, type BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import { activationOf } from '../pieces/activation.ts';
import { attend, headsOf } from '../pieces/attention.ts';
import { causalMasks, decoderInputs, finishDecoder, headWeight, sequentialBlock, streamOf, turnAndCache } from '../pieces/decoder.ts';
import { lookUp } from '../pieces/embedding.ts';
import { gatedFeedForward } from '../pieces/feed-forward.ts';
import { linear } from '../pieces/linear.ts';
import { rmsNorm } from '../pieces/normalisation.ts';
import { project, type Projections } from '../pieces/projections.ts';
import { ropeScheme } from '../pieces/rope-scheme.ts';
import { rotary } from '../pieces/rotary.ts';
import { windowsByType, type Windows } from '../pieces/windows.ts';
import type { WeightSet } from '../weights.ts';
import type { Family } from './family.ts';

interface Variant {
  /** Whether the projections to queries, keys and values, the one from the heads, and those of the feed-forward have biases. */
  readonly bias: (config: Config) => { readonly projections: boolean; readonly output: boolean; readonly feedForward: boolean };
  /** Whether the queries and keys of each head are normalised. */
  readonly headNorms: boolean;
  /** Width of a head where config.json does not say it; null for the stream's width divided by the heads. */
  readonly headSize: number | null;
  readonly windows: (config: Config, blocks: number) => Windows;
}

function build(config: Config, weights: WeightSet, variant: Variant): BuiltGraph {
  weights.spelling(/^model\./, '');
  const b = new GraphBuilder(weights);
  const blocks = config.size('num_hidden_layers');
  const width = config.size('hidden_size');
  const vocabulary = config.size('vocab_size');
  const heads = headsOf(config, variant.headSize);
  const norm = { width, epsilon: config.number('rms_norm_eps', 1e-6) };
  const bias = variant.bias(config);
  const projections: Projections = {
    width,
    heads,
    bias: bias.projections,
    ...(variant.headNorms && {
      normalise: { over: 'head', apply: (input, weight, size) => rmsNorm(b, input, weight, { ...norm, width: size }) },
    }),
  };
  const feedForward = {
    width,
    inner: config.size('intermediate_size'),
    activation: activationOf(config, 'hidden_act', 'silu'),
    bias: bias.feedForward,
  };

  const inputs = decoderInputs(b);
  const mask = causalMasks(b, inputs);
  const window = variant.windows(config, blocks);
  const turns = rotary(b, ropeScheme(config, heads.size), inputs);

  let stream = streamOf(b, lookUp(b, 'model.embed_tokens.weight', [vocabulary, width], inputs.inputIds, 'hook_embed'));
  for (let block = 0; block < blocks; block++) {
    const at = `model.layers.${block}.`;
    const attention = (input: string, name: string): string => {
      const fresh = project(b, rmsNorm(b, input, `${at}input_layernorm.weight`, norm), `${at}self_attn.`, projections);
      const ready = turnAndCache(b, block, heads, fresh, turns);
      const mixed = attend(b, heads, { block, ...ready, mask: mask(window(block)), scale: heads.size ** -0.5 });
      const output = `${at}self_attn.o_proj`;
      return linear(b, mixed, `${output}.weight`, bias.output ? `${output}.bias` : null, [heads.heads * heads.size, width], name);
    };
    const fed = (input: string, name: string): string =>
      gatedFeedForward(b, rmsNorm(b, input, `${at}post_attention_layernorm.weight`, norm), `${at}mlp.`, feedForward, name);
    stream = sequentialBlock(b, block, stream, attention, fed);
  }
  return finishDecoder(b, stream, (input, name) => rmsNorm(b, input, 'model.norm.weight', norm, name), {
    weight: headWeight(config, weights, 'model.embed_tokens.weight', false),
    width,
    vocabulary,
    softCap: null,
  });
}

/** Sliding windows from block `max_window_layers` on, if they are switched on at all. */
function qwenWindows(config: Config, blocks: number): Windows {
  const width = config.flag('use_sliding_window', false) ? config.optionalSize('sliding_window', 4096) : null;
  const first = config.has('max_window_layers') ? config.number('max_window_layers') : 28;
  return windowsByType(config, blocks, width, (block) => block >= first);
}

const variants: Readonly<Record<string, Variant>> = {
  llama: {
    bias: (config) => {
      const attention = config.flag('attention_bias', false);
      return { projections: attention, output: attention, feedForward: config.flag('mlp_bias', false) };
    },
    headNorms: false,
    headSize: null,
    windows: () => () => null,
  },
  mistral: {
    bias: () => ({ projections: false, output: false, feedForward: false }),
    headNorms: false,
    headSize: null,
    windows: (config) => {
      const width = config.optionalSize('sliding_window', 4096);
      return () => width;
    },
  },
  qwen2: {
    bias: () => ({ projections: true, output: false, feedForward: false }),
    headNorms: false,
    headSize: null,
    windows: qwenWindows,
  },
  qwen3: {
    bias: (config) => {
      const attention = config.flag('attention_bias', false);
      return { projections: attention, output: attention, feedForward: false };
    },
    headNorms: true,
    headSize: 128,
    windows: qwenWindows,
  },
};

export const llamaFamilies: readonly Family[] = Object.entries(variants).map(([modelType, variant]) => ({
  modelTypes: [modelType],
  build: (config, weights) => build(config, weights, variant),
}));
