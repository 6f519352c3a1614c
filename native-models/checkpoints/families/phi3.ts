/** Phi-3 and Phi-4-mini: Llama with queries, keys and values in one weight, gate and up in another. */
import { GraphBuilder } from '../builder.ts';
import { activationOf } from '../pieces/activation.ts';
import { attend, headsOf, splitHeads } from '../pieces/attention.ts';
import { causalMasks, decoderInputs, finishDecoder, headWeight, sequentialBlock, streamOf, turnAndCache } from '../pieces/decoder.ts';
import { lookUp } from '../pieces/embedding.ts';
import { linear } from '../pieces/linear.ts';
import { rmsNorm } from '../pieces/normalisation.ts';
import { ropeScheme } from '../pieces/rope-scheme.ts';
import { rotary } from '../pieces/rotary.ts';
import type { Family } from './family.ts';

export const phi3: Family = {
  modelTypes: ['phi3'],
  build(config, weights) {
    config.only('attention_bias', false);
    weights.spelling(/^model\./, '');
    const b = new GraphBuilder(weights);
    const width = config.size('hidden_size');
    const inner = config.size('intermediate_size');
    const vocabulary = config.size('vocab_size');
    const heads = headsOf(config);
    const norm = { width, epsilon: config.number('rms_norm_eps', 1e-5) };
    const activation = activationOf(config, 'hidden_act', 'silu');
    const queries = heads.heads * heads.size;
    const keys = heads.keyValueHeads * heads.size;

    const inputs = decoderInputs(b);
    const mask = causalMasks(b, inputs)(config.optionalSize('sliding_window', null));
    const turns = rotary(b, ropeScheme(config, heads.size), inputs);

    let stream = streamOf(b, lookUp(b, 'model.embed_tokens.weight', [vocabulary, width], inputs.inputIds, 'hook_embed'));
    for (let block = 0; block < config.size('num_hidden_layers'); block++) {
      const at = `model.layers.${block}.`;
      const dense = (input: string, layer: string, sizes: readonly [number, number], name?: string): string =>
        linear(b, input, `${at}${layer}.weight`, null, sizes, name);
      const attention = (input: string, name: string): string => {
        const normed = rmsNorm(b, input, `${at}input_layernorm.weight`, norm);
        const [q, k, v] = b.split(dense(normed, 'self_attn.qkv_proj', [width, queries + 2 * keys]), [queries, keys, keys]);
        const fresh = {
          query: splitHeads(b, q!, heads.heads, heads.size),
          key: splitHeads(b, k!, heads.keyValueHeads, heads.size),
          value: splitHeads(b, v!, heads.keyValueHeads, heads.size),
        };
        const ready = turnAndCache(b, block, heads, fresh, turns);
        const mixed = attend(b, heads, { block, ...ready, mask, scale: heads.size ** -0.5 });
        return dense(mixed, 'self_attn.o_proj', [queries, width], name);
      };
      const fed = (input: string, name: string): string => {
        const normed = rmsNorm(b, input, `${at}post_attention_layernorm.weight`, norm);
        const [gate, up] = b.split(dense(normed, 'mlp.gate_up_proj', [width, 2 * inner]), [inner, inner]);
        return dense(b.node('Mul', [up!, activation(b, gate!)]), 'mlp.down_proj', [inner, width], name);
      };
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
