/**
 * GPT-NeoX and Pythia: attention and feed-forward read the same stream, each behind a layer norm of its own, and a part of
 * every head is rotated. Queries, keys and values of a head lie side by side in one projection.
 */
import { GraphBuilder } from '../builder.ts';
import { activationOf } from '../pieces/activation.ts';
import { attend, headsOf } from '../pieces/attention.ts';
import {
  causalMasks,
  decoderInputs,
  finishDecoder,
  headWeight,
  parallelBlock,
  sequentialBlock,
  streamOf,
  turnAndCache,
} from '../pieces/decoder.ts';
import { lookUp } from '../pieces/embedding.ts';
import { linear } from '../pieces/linear.ts';
import { layerNorm } from '../pieces/normalisation.ts';
import { ropeScheme } from '../pieces/rope-scheme.ts';
import { rotary } from '../pieces/rotary.ts';
import type { Family } from './family.ts';

export const gptNeox: Family = {
  modelTypes: ['gpt_neox'],
  build(config, weights) {
    weights.spelling(/^gpt_neox\./, '').spelling(/^lm_head\./, 'embed_out.');
    const b = new GraphBuilder(weights);
    const width = config.size('hidden_size');
    const inner = config.size('intermediate_size');
    const vocabulary = config.size('vocab_size');
    const heads = headsOf(config);
    const norm = { width, epsilon: config.number('layer_norm_eps', 1e-5) };
    const activation = activationOf(config, 'hidden_act', 'gelu');
    const attentionBias = config.flag('attention_bias', true);
    const addBlock = config.flag('use_parallel_residual', true) ? parallelBlock : sequentialBlock;

    const inputs = decoderInputs(b);
    const mask = causalMasks(b, inputs)(null);
    const usual = { theta: config.number('rotary_emb_base', 10_000), partial: config.number('rotary_pct', 0.25) };
    const turns = rotary(b, ropeScheme(config, heads.size, usual), inputs);

    let stream = streamOf(b, lookUp(b, 'gpt_neox.embed_in.weight', [vocabulary, width], inputs.inputIds, 'hook_embed'));
    for (let block = 0; block < config.size('num_hidden_layers'); block++) {
      const at = `gpt_neox.layers.${block}.`;
      const normed = (input: string, layer: string): string => layerNorm(b, input, `${at}${layer}.weight`, `${at}${layer}.bias`, norm);
      const dense = (input: string, layer: string, bias: boolean, sizes: readonly [number, number], name?: string): string =>
        linear(b, input, `${at}${layer}.weight`, bias ? `${at}${layer}.bias` : null, sizes, name);
      const attention = (input: string, name: string): string => {
        const all = dense(normed(input, 'input_layernorm'), 'attention.query_key_value', attentionBias, [width, 3 * width]);
        const parts = b.split(b.reshape(all, [0, 0, heads.heads, 3 * heads.size]), [heads.size, heads.size, heads.size]);
        const [query, key, value] = parts.map((part) => b.node('Transpose', [part], { perm: [0, 2, 1, 3] })) as [string, string, string];
        const ready = turnAndCache(b, block, heads, { query, key, value }, turns);
        const mixed = attend(b, heads, { block, ...ready, mask, scale: heads.size ** -0.5 });
        return dense(mixed, 'attention.dense', attentionBias, [width, width], name);
      };
      const fed = (input: string, name: string): string => {
        const raised = dense(normed(input, 'post_attention_layernorm'), 'mlp.dense_h_to_4h', true, [width, inner]);
        return dense(activation(b, raised), 'mlp.dense_4h_to_h', true, [inner, width], name);
      };
      stream = addBlock(b, block, stream, attention, fed);
    }
    const last = (input: string, name: string): string =>
      layerNorm(b, input, 'gpt_neox.final_layer_norm.weight', 'gpt_neox.final_layer_norm.bias', norm, name);
    const weight = headWeight(config, weights, 'gpt_neox.embed_in.weight', false);
    return finishDecoder(b, stream, last, { weight, width, vocabulary, softCap: null });
  },
};
