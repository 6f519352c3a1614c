/** DistilBERT: BERT with fewer blocks, without types of token, and with other names (Sanh et al. 2019). */
import { GraphBuilder, type BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import { activationOf } from '../pieces/activation.ts';
import { lookUp } from '../pieces/embedding.ts';
import {
  classCount,
  countedPositions,
  dense,
  encoderHead,
  encoderInputs,
  finishClassLogits,
  finishStates,
  finishTokenLogits,
  firstPosition,
  fullEmbedding,
  plainFeedForward,
  postNormBlock,
  selfAttention,
} from '../pieces/encoder.ts';
import { linear } from '../pieces/linear.ts';
import { layerNorm } from '../pieces/normalisation.ts';
import type { WeightSet } from '../weights.ts';
import type { Family } from './family.ts';

export const distilbert: Family = { modelTypes: ['distilbert'], build };

function build(config: Config, weights: WeightSet): BuiltGraph {
  weights.spelling(/^distilbert\./, '');
  weights.unused(/^(vocab_(transform|layer_norm|projector)|pre_classifier|classifier|qa_outputs)\./);
  const b = new GraphBuilder(weights);
  const width = config.size('dim', 768);
  const vocabulary = config.size('vocab_size');
  const activation = activationOf(config, 'activation', 'gelu');
  const normed = (layer: string) => (input: string, name?: string) =>
    layerNorm(b, input, `${layer}.weight`, `${layer}.bias`, { width, epsilon: 1e-12 }, name);

  const inputs = encoderInputs(b);
  const at = 'distilbert.embeddings.';
  const table = `${at}word_embeddings.weight`;
  const words = b.hook(lookUp(b, table, [vocabulary, width], inputs.inputIds, 'hook_embed'), 'residual');
  // Whether learned or made of sines, the positions are stored.
  const positions = config.size('max_position_embeddings', 512);
  const places = lookUp(b, `${at}position_embeddings.weight`, [positions, width], countedPositions(b, inputs));
  let stream = fullEmbedding(b, normed(`${at}LayerNorm`)(b.node('Add', [words, places]), 'hook_full_embed'));

  const heads = config.size('n_heads', 12);
  const inner = config.size('hidden_dim', 3072);
  for (let block = 0; block < config.size('n_layers', 6); block++) {
    const layer = `distilbert.transformer.layer.${block}.`;
    const part = (name: string): string => `${layer}attention.${name}_lin`;
    const attention = { width, heads, bias: true, query: part('q'), key: part('k'), value: part('v'), output: part('out') };
    const feedForward = { width, inner, activation, up: `${layer}ffn.lin1`, down: `${layer}ffn.lin2` };
    stream = postNormBlock(b, block, stream, {
      attention: (input, name) => selfAttention(b, block, input, attention, inputs.mask, name),
      normAttention: normed(`${layer}sa_layer_norm`),
      feedForward: (input, name) => plainFeedForward(b, input, feedForward, name),
      normFeedForward: normed(`${layer}output_layer_norm`),
    });
  }

  switch (encoderHead(config)) {
    case 'masked-lm': {
      const changed = normed('vocab_layer_norm')(activation(b, dense(b, stream, 'vocab_transform', [width, width])));
      const weight = config.flag('tie_word_embeddings', true) ? table : 'vocab_projector.weight';
      return finishTokenLogits(b, linear(b, changed, weight, 'vocab_projector.bias', [width, vocabulary], 'logits'), vocabulary, stream);
    }
    case 'sequence-classification': {
      const first = firstPosition(b, stream);
      const changed = b.node('Relu', [dense(b, first, 'pre_classifier', [width, width])]);
      const classes = classCount(config);
      return finishClassLogits(b, 'encoder', dense(b, changed, 'classifier', [width, classes], 'logits'), classes, first);
    }
    default:
      return finishStates(b, stream, width);
  }
}
