/**
 * ViT: a picture as a text of patches, with one position for its class before them (Dosovitskiy et al. 2020).
 * Position 0 of every state is the class token; position 1 + y × columns + x is the patch at (x, y).
 */
import { dataType } from '../../onnx/graph.ts';
import { GraphBuilder, type BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import { activationOf } from '../pieces/activation.ts';
import { sequentialBlock } from '../pieces/decoder.ts';
import { classCount, dense, finishClassLogits, firstPosition, fullEmbedding, plainFeedForward, selfAttention } from '../pieces/encoder.ts';
import { layerNorm } from '../pieces/normalisation.ts';
import type { WeightSet } from '../weights.ts';
import type { Family } from './family.ts';

export const vit: Family = { modelTypes: ['vit'], build };

function build(config: Config, weights: WeightSet): BuiltGraph {
  weights.spelling(/^vit\./, '');
  weights.unused(/^((vit\.)?(pooler\.|embeddings\.mask_token$)|classifier\.|decoder\.)/);
  const b = new GraphBuilder(weights);
  const width = config.size('hidden_size', 768);
  const normed = (layer: string, input: string, name?: string): string =>
    layerNorm(b, input, `${layer}.weight`, `${layer}.bias`, { width, epsilon: config.number('layer_norm_eps', 1e-12) }, name);

  const { embedded, positions } = embed(b, config, width);
  const heads = config.size('num_attention_heads', 12);
  const bias = config.flag('qkv_bias', true);
  const feedForward = { width, inner: config.size('intermediate_size', 3072), activation: activationOf(config, 'hidden_act', 'gelu') };
  let stream = embedded;
  for (let block = 0; block < config.size('num_hidden_layers', 12); block++) {
    const at = `vit.encoder.layer.${block}.`;
    const inner = `${at}attention.attention.`;
    const attention = { query: `${inner}query`, key: `${inner}key`, value: `${inner}value`, output: `${at}attention.output.dense` };
    const layers = { ...feedForward, up: `${at}intermediate.dense`, down: `${at}output.dense` };
    stream = sequentialBlock(
      b,
      block,
      stream,
      (input, name) => selfAttention(b, block, normed(`${at}layernorm_before`, input), { width, heads, bias, ...attention }, null, name),
      (input, name) => plainFeedForward(b, normed(`${at}layernorm_after`, input), layers, name),
    );
  }
  const states = b.hook('ln_final.hook_normalized', 'residual', null, normed('vit.layernorm', stream, 'ln_final.hook_normalized'));
  const [architecture = ''] = config.texts('architectures', []);
  if (!architecture.endsWith('ForImageClassification')) {
    b.node('Identity', [states], {}, 'last_hidden_state');
    return b.finish('encoder', b.output('last_hidden_state', dataType.float, ['batch', positions, width]), stream);
  }
  const first = firstPosition(b, states);
  const classes = classCount(config);
  return finishClassLogits(b, 'image-classifier', dense(b, first, 'classifier', [width, classes], 'logits'), classes, first);
}

/** The class token and the patches, each with its position added. */
function embed(b: GraphBuilder, config: Config, width: number): { readonly embedded: string; readonly positions: number } {
  const channels = config.size('num_channels', 3);
  const side = config.size('image_size', 224);
  const patch = config.size('patch_size', 16);
  const patches = Math.floor(side / patch) ** 2;
  const at = 'vit.embeddings.';
  const pixels = b.input('pixel_values', dataType.float, ['batch', channels, side, side]);
  const projection = [
    b.weights.get(`${at}patch_embeddings.projection.weight`, [width, channels, patch, patch]),
    b.weights.get(`${at}patch_embeddings.projection.bias`, [width]),
  ];
  const grid = b.node('Conv', [pixels, ...projection], { strides: [patch, patch], kernel_shape: [patch, patch] });
  const words = b.node('Transpose', [b.reshape(grid, [0, width, patches])], { perm: [0, 2, 1] });
  const batch = b.node('Gather', [b.node('Shape', [pixels]), b.integers([0])]);
  const token = b.node('Expand', [
    b.weights.get(`${at}cls_token`, [1, 1, width]),
    b.node('Concat', [batch, b.integers([1, 1])], { axis: 0 }),
  ]);
  const all = b.hook('hook_embed', 'residual', null, b.node('Concat', [token, words], { axis: 1 }, 'hook_embed'));
  const places = b.weights.get(`${at}position_embeddings`, [1, patches + 1, width]);
  return { embedded: fullEmbedding(b, b.node('Add', [all, places], {}, 'hook_full_embed')), positions: patches + 1 };
}
