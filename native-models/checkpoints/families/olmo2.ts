/** OLMo 2: nothing is normalised before attention and feed-forward; what they return is, and so are all queries and all keys together. */
import { GraphBuilder } from '../builder.ts';
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
import type { Family } from './family.ts';

export const olmo2: Family = {
  modelTypes: ['olmo2'],
  build(config, weights) {
    weights.spelling(/^model\./, '');
    const b = new GraphBuilder(weights);
    const width = config.size('hidden_size');
    const vocabulary = config.size('vocab_size');
    const heads = headsOf(config);
    const norm = { width, epsilon: config.number('rms_norm_eps', 1e-5) };
    const bias = config.flag('attention_bias', false);
    const projections: Projections = {
      width,
      heads,
      bias,
      normalise: { over: 'all', apply: (input, weight, size) => rmsNorm(b, input, weight, { ...norm, width: size }) },
    };
    const activation = activationOf(config, 'hidden_act', 'silu');
    const feedForward = { width, inner: config.size('intermediate_size'), activation, bias: false };

    const inputs = decoderInputs(b);
    const mask = causalMasks(b, inputs)(null);
    const turns = rotary(b, ropeScheme(config, heads.size), inputs);

    let stream = streamOf(b, lookUp(b, 'model.embed_tokens.weight', [vocabulary, width], inputs.inputIds, 'hook_embed'));
    for (let block = 0; block < config.size('num_hidden_layers'); block++) {
      const at = `model.layers.${block}.`;
      const attention = (input: string, name: string): string => {
        const ready = turnAndCache(b, block, heads, project(b, input, `${at}self_attn.`, projections), turns);
        const mixed = attend(b, heads, { block, ...ready, mask, scale: heads.size ** -0.5 });
        const output = `${at}self_attn.o_proj`;
        const out = linear(b, mixed, `${output}.weight`, bias ? `${output}.bias` : null, [heads.heads * heads.size, width]);
        return rmsNorm(b, out, `${at}post_attention_layernorm.weight`, norm, name);
      };
      const fed = (input: string, name: string): string =>
        rmsNorm(b, gatedFeedForward(b, input, `${at}mlp.`, feedForward), `${at}post_feedforward_layernorm.weight`, norm, name);
      stream = sequentialBlock(b, block, stream, attention, fed);
    }
    return finishDecoder(b, stream, (input, name) => rmsNorm(b, input, 'model.norm.weight', norm, name), {
      weight: headWeight(config, weights, 'model.embed_tokens.weight', false),
      width,
      vocabulary,
      softCap: null,
    });
  },
};
