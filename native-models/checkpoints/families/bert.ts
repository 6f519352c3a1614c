/**
 * BERT: learned positions, two types of token, and blocks whose sums are normalised (Devlin et al. 2018).
 * Opened as the states alone, with the head for masked words, or with one for classes of texts.
 */
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
  tokenInput,
} from '../pieces/encoder.ts';
import { linear } from '../pieces/linear.ts';
import { layerNorm, type Norm } from '../pieces/normalisation.ts';
import type { WeightSet } from '../weights.ts';
import type { Family } from './family.ts';

export const bert: Family = { modelTypes: ['bert'], build };

function build(config: Config, weights: WeightSet): BuiltGraph {
  // Checkpoints of the first years call the parameters of a norm gamma and beta.
  weights
    .spelling(/^bert\./, '')
    .spelling(/LayerNorm\.weight$/, 'LayerNorm.gamma')
    .spelling(/LayerNorm\.bias$/, 'LayerNorm.beta');
  weights.unused(/^((bert\.)?pooler|cls|classifier|qa_outputs)\./);
  const b = new GraphBuilder(weights);
  const { width, vocabulary, norm } = bertSizes(config);

  const inputs = encoderInputs(b);
  const types = tokenInput(b, 'token_type_ids');
  const at = 'bert.embeddings.';
  const words = b.hook(lookUp(b, `${at}word_embeddings.weight`, [vocabulary, width], inputs.inputIds, 'hook_embed'), 'residual');
  const positions = config.size('max_position_embeddings', 512);
  const places = lookUp(b, `${at}position_embeddings.weight`, [positions, width], countedPositions(b, inputs));
  const kinds = lookUp(b, `${at}token_type_embeddings.weight`, [config.size('type_vocab_size', 2), width], types);
  const sum = b.node('Add', [b.node('Add', [words, kinds]), places]);
  const embedded = fullEmbedding(b, layerNorm(b, sum, `${at}LayerNorm.weight`, `${at}LayerNorm.bias`, norm, 'hook_full_embed'));
  const stream = bertBlocks(b, config, 'bert.', embedded, inputs.mask);

  switch (encoderHead(config)) {
    case 'masked-lm':
      return maskedWords(b, config, stream);
    case 'sequence-classification': {
      const first = firstPosition(b, stream);
      const pooled = b.node('Tanh', [dense(b, first, 'bert.pooler.dense', [width, width])]);
      const classes = classCount(config);
      return finishClassLogits(b, 'encoder', dense(b, pooled, 'classifier', [width, classes], 'logits'), classes, first);
    }
    default:
      return finishStates(b, stream, width);
  }
}

function maskedWords(b: GraphBuilder, config: Config, stream: string): BuiltGraph {
  const { width, vocabulary, norm } = bertSizes(config);
  const at = 'cls.predictions.';
  const changed = activationOf(config, 'hidden_act', 'gelu')(b, dense(b, stream, `${at}transform.dense`, [width, width]));
  const normed = layerNorm(b, changed, `${at}transform.LayerNorm.weight`, `${at}transform.LayerNorm.bias`, norm);
  const tied = config.flag('tie_word_embeddings', true);
  const weight = tied ? 'bert.embeddings.word_embeddings.weight' : `${at}decoder.weight`;
  const bias = b.weights.has(`${at}decoder.bias`) ? `${at}decoder.bias` : `${at}bias`;
  return finishTokenLogits(b, linear(b, normed, weight, bias, [width, vocabulary], 'logits'), vocabulary, stream);
}

/** Sizes, and their defaults, that RoBERTa has in common with BERT. */
export function bertSizes(config: Config): { readonly width: number; readonly vocabulary: number; readonly norm: Norm } {
  const width = config.size('hidden_size', 768);
  return { width, vocabulary: config.size('vocab_size'), norm: { width, epsilon: config.number('layer_norm_eps', 1e-12) } };
}

/**
 * All blocks of BERT, and of those that changed only what lies around them.
 * @param prefix of the stored names; @returns the stream behind the last
 */
export function bertBlocks(b: GraphBuilder, config: Config, prefix: string, embedded: string, mask: string): string {
  config.only('is_decoder', false);
  config.only('add_cross_attention', false);
  config.only('position_embedding_type', 'absolute');
  const { width, norm } = bertSizes(config);
  const heads = config.size('num_attention_heads', 12);
  const feedForward = { width, inner: config.size('intermediate_size', 3072), activation: activationOf(config, 'hidden_act', 'gelu') };
  let stream = embedded;
  for (let block = 0; block < config.size('num_hidden_layers', 12); block++) {
    const at = `${prefix}encoder.layer.${block}.`;
    const attention = {
      width,
      heads,
      bias: true,
      query: `${at}attention.self.query`,
      key: `${at}attention.self.key`,
      value: `${at}attention.self.value`,
      output: `${at}attention.output.dense`,
    };
    const layers = { ...feedForward, up: `${at}intermediate.dense`, down: `${at}output.dense` };
    const normed = (layer: string) => (input: string, name: string) =>
      layerNorm(b, input, `${layer}.LayerNorm.weight`, `${layer}.LayerNorm.bias`, norm, name);
    stream = postNormBlock(b, block, stream, {
      attention: (input, name) => selfAttention(b, block, input, attention, mask, name),
      normAttention: normed(`${at}attention.output`),
      feedForward: (input, name) => plainFeedForward(b, input, layers, name),
      normFeedForward: normed(`${at}output`),
    });
  }
  return stream;
}
