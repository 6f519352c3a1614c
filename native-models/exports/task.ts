/** What an exported graph is for, and which of its outputs tells. */
import { LabError } from '../../probes/lab-error.ts';
import { imageInput, tokenInput } from '../graph/source.ts';
import { isFloat } from '../graph/types.ts';
import { attributeOf, type Graph, type ValueInfo } from '../onnx/graph.ts';
import type { OpenedModel } from '../opened.ts';
import { textIn, type Json } from './json.ts';

export interface Task {
  readonly task: OpenedModel['task'];
  readonly output: string;
}

/** Classes of transformers whose logits are not of the next token, or that have none. */
const encoderClasses =
  /For(MaskedLM|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice|PreTraining)$|Encoder(Model)?$/;
const decoderClasses = /For(CausalLM|ConditionalGeneration)$|LMHead(Model)?$/;
/** `model_type`s of families that read in both directions, for folders that do not name the class. */
const encoderFamilies =
  /^(albert|bert|big_bird|camembert|convbert|deberta|deberta-v2|distilbert|electra|ernie|esm|eurobert|flaubert|funnel|ibert|layoutlm|longformer|luke|megatron-bert|mobilebert|modernbert|mpnet|new|nomic_bert|nystromformer|rembert|roberta|roberta-prelayernorm|roformer|squeezebert|xlm|xlm-roberta|xlm-roberta-xl|xmod)$/;
const cacheName = /^(past|present)/;
/** Fused operators that only decoders have. */
const causal = (graph: Graph): boolean =>
  graph.nodes.some((node) => node.op === 'GroupQueryAttention' || attributeOf(node, 'unidirectional')?.integer === 1n);

/** @throws LabError `model-unsupported` if it takes neither tokens nor an image, or gives nothing that the lab can use */
export function taskOf(graph: Graph, config: Json): Task {
  const outputs = graph.outputs.filter((output) => isFloat(output.type) && !cacheName.test(output.name));
  const named = (...names: string[]): ValueInfo | undefined =>
    names.map((name) => outputs.find((output) => output.name === name)).find((output) => output !== undefined);
  const image = imageInput(graph);
  const tokens = tokenInput(graph);
  const given = graph.inputs.find(({ name }) => /^(decoder_)?inputs_embeds$/.test(name));
  if (tokens !== undefined && image !== undefined)
    throw new LabError(
      'model-unsupported',
      `the graph takes tokens (${tokens.name}) and an image (${image.name}) at once`,
      'Models of text and images together are not opened: export the text model or the image classifier alone.',
    );
  if (tokens === undefined && given === undefined) {
    if (image === undefined)
      throw new LabError(
        'model-unsupported',
        `none of the inputs ${graph.inputs.map(({ name }) => name).join(', ')} is known to hold tokens or an image`,
        'Export the model with its tokens as an input called input_ids, or its image as one with four dimensions.',
      );
    const features = named('last_hidden_state');
    if (features !== undefined && named('logits') === undefined) return { task: 'encoder', output: features.name };
    return { task: 'image-classifier', output: classScores(named('logits') ?? outputs[0], image) };
  }
  const states = named('last_hidden_state', 'token_embeddings', 'hidden_states', 'sentence_embedding');
  const logits = named('logits') ?? outputs.find((output) => output !== states);
  if (logits !== undefined && isCausal(graph, config, logits)) {
    if (logits.shape?.[1] === 1 && tokens?.shape?.[1] !== 1)
      throw new LabError(
        'model-unsupported',
        `${logits.name} has the shape [${logits.shape.join(', ')}]: the graph gives logits of the last position alone`,
        'Export the model again with logits of all positions (without prune_lm_head).',
      );
    return { task: 'decoder', output: logits.name };
  }
  // Scores of classes come first: they are what the model was trained for.
  const output = named('logits') ?? states ?? outputs[0];
  if (output === undefined)
    throw new LabError(
      'model-unsupported',
      'none of the outputs holds floating-point numbers',
      'Export the model with its logits as an output.',
    );
  return { task: 'encoder', output: output.name };
}

function isCausal(graph: Graph, config: Json, logits: ValueInfo): boolean {
  if (logits.shape !== null && logits.shape.length !== 3) return false;
  if (logits.name !== 'logits' && /hidden_state|embedding|pooler/.test(logits.name)) return false;
  if (graph.inputs.some(({ name }) => cacheName.test(name)) || graph.outputs.some(({ name }) => cacheName.test(name))) return true;
  const classes = Array.isArray(config['architectures']) ? config['architectures'].filter((one) => typeof one === 'string') : [];
  if (classes.some((one) => decoderClasses.test(one))) return true;
  if (config['is_decoder'] === true || causal(graph)) return true;
  if (classes.some((one) => encoderClasses.test(one))) return false;
  return !encoderFamilies.test(textIn(config, 'model_type') ?? '');
}

/** @throws LabError `model-unsupported` if the output is plainly something else than one score for each class */
function classScores(output: ValueInfo | undefined, image: ValueInfo): string {
  const shape = output?.shape ?? null;
  const fits = shape === null || shape.length === 2 || (shape.length === 4 && shape[2] === 1 && shape[3] === 1);
  if (output !== undefined && fits) return output.name;
  throw new LabError(
    'model-unsupported',
    output === undefined
      ? `the graph takes an image (${image.name}), but none of its outputs holds floating-point numbers`
      : `the graph takes an image (${image.name}), and its output ${output.name} has the shape [${shape!.join(', ')}], not one score for each class`,
    'Only image classifiers are opened: export the model with its classification head.',
  );
}
