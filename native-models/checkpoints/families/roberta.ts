/**
 * RoBERTa: BERT's blocks behind other positions, which leave padding out and begin behind its own number (Liu et al. 2019).
 * XLM-RoBERTa and CamemBERT are the same model with other tokens.
 */
import { dataType } from '../../onnx/graph.ts';
import { GraphBuilder, type BuiltGraph } from '../builder.ts';
import type { Config } from '../config.ts';
import { lookUp } from '../pieces/embedding.ts';
import {
  classCount,
  dense,
  encoderHead,
  encoderInputs,
  finishClassLogits,
  finishStates,
  finishTokenLogits,
  firstPosition,
  fullEmbedding,
} from '../pieces/encoder.ts';
import { linear } from '../pieces/linear.ts';
import { layerNorm } from '../pieces/normalisation.ts';
import type { WeightSet } from '../weights.ts';
import { bertBlocks, bertSizes } from './bert.ts';
import type { Family } from './family.ts';

export const roberta: Family = { modelTypes: ['roberta', 'xlm-roberta', 'camembert'], build };

function build(config: Config, weights: WeightSet): BuiltGraph {
  weights.spelling(/^roberta\./, '');
  weights.unused(/^((roberta\.)?pooler|lm_head|classifier|qa_outputs)\./);
  const b = new GraphBuilder(weights);
  const { width, vocabulary, norm } = bertSizes(config);

  const inputs = encoderInputs(b);
  const at = 'roberta.embeddings.';
  const words = b.hook(lookUp(b, `${at}word_embeddings.weight`, [vocabulary, width], inputs.inputIds, 'hook_embed'), 'residual');
  const table = [config.size('max_position_embeddings', 512), width] as const;
  const places = lookUp(b, `${at}position_embeddings.weight`, table, paddedPositions(b, inputs.inputIds, config.number('pad_token_id', 1)));
  // There are rows for several types of token, but the tokenizers of this family know only the first.
  const kind = lookUp(b, `${at}token_type_embeddings.weight`, [config.size('type_vocab_size', 2), width], b.integer(0));
  const sum = b.node('Add', [b.node('Add', [words, kind]), places]);
  const embedded = fullEmbedding(b, layerNorm(b, sum, `${at}LayerNorm.weight`, `${at}LayerNorm.bias`, norm, 'hook_full_embed'));
  const stream = bertBlocks(b, config, 'roberta.', embedded, inputs.mask);

  switch (encoderHead(config)) {
    case 'masked-lm':
      return maskedWords(b, config, stream);
    case 'sequence-classification': {
      const first = firstPosition(b, stream);
      const changed = b.node('Tanh', [dense(b, first, 'classifier.dense', [width, width])]);
      const classes = classCount(config);
      return finishClassLogits(b, 'encoder', dense(b, changed, 'classifier.out_proj', [width, classes], 'logits'), classes, first);
    }
    default:
      return finishStates(b, stream, width);
  }
}

/** Padding has the position of its own number; the other tokens are counted from the one behind. Which are padding is told by the token. */
function paddedPositions(b: GraphBuilder, inputIds: string, padding: number): string {
  const real = b.node('Cast', [b.node('Not', [b.node('Equal', [inputIds, b.integer(padding)])])], { to: dataType.int64 });
  const counted = b.node('Mul', [b.node('CumSum', [real, b.integer(1)]), real]);
  return b.node('Add', [counted, b.integer(padding)]);
}

function maskedWords(b: GraphBuilder, config: Config, stream: string): BuiltGraph {
  const { width, vocabulary, norm } = bertSizes(config);
  const changed = b.node('Gelu', [dense(b, stream, 'lm_head.dense', [width, width])]);
  const normed = layerNorm(b, changed, 'lm_head.layer_norm.weight', 'lm_head.layer_norm.bias', norm);
  const tied = config.flag('tie_word_embeddings', true);
  const weight = tied ? 'roberta.embeddings.word_embeddings.weight' : 'lm_head.decoder.weight';
  const bias = b.weights.has('lm_head.decoder.bias') ? 'lm_head.decoder.bias' : 'lm_head.bias';
  return finishTokenLogits(b, linear(b, normed, weight, bias, [width, vocabulary], 'logits'), vocabulary, stream);
}
