/** Where a model's states begin: the look-up of its tokens' embeddings, or the image that it is given. */
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Graph, type ValueInfo } from '../onnx/graph.ts';
import { embeddingSumInside, isEmbedNorm, passesOn, type Step } from './flow.ts';

/** Integer inputs that hold tokens, most telling first: in an encoder-decoder the decoder's come before the encoder's. */
const tokenInputs = [/^decoder_input_ids$/, /^input_ids$/, /input_ids/, /^tokens$/, /tokens?$/];
const stateInputs = /^(decoder_)?inputs_embeds$|^hidden_states$/;
const lookups = new Set(['Gather', 'GatherBlockQuantized']);
const floats: readonly number[] = [dataType.float, dataType.float16, dataType.bfloat16, dataType.double];

/** Tables that a token may be looked up in; more are no model. */
const mostLookups = 8;

/** Inputs that must be fed: initializers may be listed among the inputs too, as their defaults. */
export function fedInputs(graph: Graph): ValueInfo[] {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  return graph.inputs.filter((input) => !constants.has(input.name));
}

/** The input that holds token ids, or undefined. */
export function tokenInput(graph: Graph): ValueInfo | undefined {
  const integers = fedInputs(graph).filter((input) => input.type === dataType.int64 || input.type === dataType.int32);
  return tokenInputs.map((pattern) => integers.find((input) => pattern.test(input.name))).find((input) => input !== undefined);
}

/** The input that holds an image or a batch of them: the first one with four dimensions. */
export function imageInput(graph: Graph): ValueInfo | undefined {
  return fedInputs(graph).find(
    (input) =>
      input.shape?.length === 4 && !/^past|cache/.test(input.name) && (floats.includes(input.type) || input.type === dataType.uint8),
  );
}

export interface SourceOfStates {
  readonly tensor: string;
  /** Whether it is the plain output of the token embedding, nothing added or normalised. */
  readonly plain: boolean;
}

/**
 * The tensors that a model's stream of states may begin with, in order. There are several where tokens are looked up in several tables
 * (a second embedding for each layer, say).
 * @throws LabError `model-unsupported` if there are none
 */
export function sourcesOf(graph: Graph, steps: readonly Step[]): SourceOfStates[] {
  const ids = tokenInput(graph);
  if (ids === undefined) {
    const given = fedInputs(graph).find((input) => stateInputs.test(input.name)) ?? imageInput(graph);
    if (given !== undefined) return [{ tensor: given.name, plain: false }];
    throw new LabError(
      'model-unsupported',
      `none of the inputs ${fedInputs(graph)
        .map((input) => input.name)
        .join(', ')} is known to hold tokens or an image`,
      'Export the model with its tokens as an input called input_ids, or its image as one with four dimensions.',
    );
  }
  const derived = new Set([ids.name]);
  const found: SourceOfStates[] = [];
  for (const step of steps) {
    if (found.length === mostLookups) break;
    const from = step.inputs.find((name) => derived.has(name));
    if (from === undefined) continue;
    if (isEmbedNorm(step.node)) found.push({ tensor: embeddingSumInside(step.node), plain: false });
    // The ids are what a look-up is given, not the table that it looks them up in.
    else if (lookups.has(step.op) && step.node.inputs[0] !== from)
      found.push({ tensor: dequantised(step.outputs[0]!, steps), plain: true });
    else if (passesOn(step) || step.op === 'Clip' || step.op === 'Where') for (const name of step.outputs) derived.add(name);
  }
  if (found.length === 0) {
    throw new LabError(
      'model-unsupported',
      `no embedding look-up follows the input ${ids.name}`,
      'Export the model with its embedding inside.',
    );
  }
  return found;
}

/** Rows of a quantised table are turned into floats right behind the look-up. */
function dequantised(rows: string, steps: readonly Step[]): string {
  return steps.find((step) => step.op === 'DequantizeLinear' && step.inputs.includes(rows))?.outputs[0] ?? rows;
}
