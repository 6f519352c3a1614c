/** GPT-2: learned positions, layer norms before attention and feed-forward, one fused projection to queries, keys and values. */
import { GraphBuilder } from '../builder.ts';
import { activationOf } from '../pieces/activation.ts';
import { attend, splitHeads } from '../pieces/attention.ts';
import { causalMasks, decoderInputs, finishDecoder, headWeight, sequentialBlock, turnAndCache } from '../pieces/decoder.ts';
import { lookUp } from '../pieces/embedding.ts';
import { linearConv1d } from '../pieces/linear.ts';
import { layerNorm } from '../pieces/normalisation.ts';
import type { Family } from './family.ts';

export const gpt2: Family = {
  modelTypes: ['gpt2'],
  build(config, weights) {
    config.only('add_cross_attention', false);
    weights.spelling(/^transformer\./, '');
    const b = new GraphBuilder(weights);
    const width = config.size('n_embd');
    const inner = config.size('n_inner', 4 * width);
    const vocabulary = config.size('vocab_size');
    const count = config.size('n_head');
    if (width % count !== 0) throw config.unsupported('n_head', `it does not divide the width ${width}`);
    const size = width / count;
    const heads = { heads: count, keyValueHeads: count, size };
    const norm = { width, epsilon: config.number('layer_norm_epsilon', 1e-5) };
    const activation = activationOf(config, 'activation_function', 'gelu_new');
    const scale = config.flag('scale_attn_weights', true) ? size ** -0.5 : 1;
    const scaledByDepth = config.flag('scale_attn_by_inverse_layer_idx', false);

    const inputs = decoderInputs(b);
    const mask = causalMasks(b, inputs)(null);
    const tokens = b.hook(lookUp(b, 'transformer.wte.weight', [vocabulary, width], inputs.inputIds, 'hook_embed'), 'residual');
    const table = [config.size('n_positions', 1024), width] as const;
    const positions = b.hook(lookUp(b, 'transformer.wpe.weight', table, inputs.positionIds, 'hook_pos_embed'), 'residual');
    let stream = b.node('Add', [tokens, positions], {}, 'blocks.0.hook_resid_pre');

    for (let block = 0; block < config.size('n_layer'); block++) {
      const at = `transformer.h.${block}.`;
      const dense = (input: string, layer: string, sizes: readonly [number, number], name?: string): string =>
        linearConv1d(b, input, `${at}${layer}.weight`, `${at}${layer}.bias`, sizes, name);
      const normed = (input: string, layer: string): string => layerNorm(b, input, `${at}${layer}.weight`, `${at}${layer}.bias`, norm);
      const attention = (input: string, name: string): string => {
        const parts = b.split(dense(normed(input, 'ln_1'), 'attn.c_attn', [width, 3 * width]), [width, width, width]);
        const [query, key, value] = parts.map((part) => splitHeads(b, part, count, size)) as [string, string, string];
        const ready = turnAndCache(b, block, heads, { query, key, value }, null);
        const mixed = attend(b, heads, { block, ...ready, mask, scale: scaledByDepth ? scale / (block + 1) : scale });
        return dense(mixed, 'attn.c_proj', [width, width], name);
      };
      const fed = (input: string, name: string): string =>
        dense(activation(b, dense(normed(input, 'ln_2'), 'mlp.c_fc', [width, inner])), 'mlp.c_proj', [inner, width], name);
      stream = sequentialBlock(b, block, stream, attention, fed);
    }
    const last = (input: string, name: string): string =>
      layerNorm(b, input, 'transformer.ln_f.weight', 'transformer.ln_f.bias', norm, name);
    const weight = headWeight(config, weights, 'transformer.wte.weight', true);
    return finishDecoder(b, stream, last, { weight, width, vocabulary, softCap: null });
  },
};
