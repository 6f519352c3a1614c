/**
 * Finds the residual stream of a transformer in its graph: the embedding and the state after each block.
 * No names are relied on. A residual addition is an articulation tensor made by adding something to an earlier articulation tensor;
 * a block ends at the residual addition that attention comes after, or at the last one.
 */
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Graph } from '../onnx/graph.ts';
import { findArticulation, type Articulation } from './articulation.ts';
import { stepsOf, type Step } from './flow.ts';

export interface ResidualPoint {
  /** TransformerLens' name: `blocks.0.hook_resid_pre`, then `blocks.{i}.hook_resid_post`. */
  readonly hook: string;
  /** -1 for the embedding, else the block that the state comes after. */
  readonly block: number;
  /** Its name in the graph; may be the unnamed sum inside a fused node, see `flow.ts`. */
  readonly tensor: string;
}

export interface ResidualStream {
  readonly points: readonly ResidualPoint[];
  /** The last articulation tensor before the logits: what the head is applied to. */
  readonly headInput: string;
}

/** Steps that pass values on, at most reshaped or in another type. */
const passing = new Set([
  'Identity',
  'Cast',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Transpose',
  'Flatten',
  'Dropout',
  'QuantizeLinear',
  'DequantizeLinear',
]);
const attention =
  /^(Softmax|Attention|MultiHeadAttention|GroupQueryAttention|PackedMultiHeadAttention|PagedAttention|SparseAttention|LinearAttention|DecoderMaskedMultiHeadAttention)$/;
const normalisation = /LayerNormalization$|^RMSNormalization$/;
const lookup = new Set(['Gather', 'GatherBlockQuantized', 'EmbedLayerNormalization']);
/** Additions that may stand between a residual addition and the state that it returns to (parallel attention and MLP, biases). */
const additionsDeep = 4;

/**
 * @param logits the output that the model is scored by
 * @throws LabError `model-unsupported` if the stream is not a cut of the graph
 */
export function findResidualStream(graph: Graph, logits: string): ResidualStream {
  const steps = stepsOf(graph);
  const articulation = findArticulation(steps, embeddingOf(graph, steps), logits);
  const additions = residualAdditions(articulation);
  if (additions.length === 0) {
    throw new LabError(
      'model-unsupported',
      'no residual stream was found between the embedding and the logits: the states of earlier blocks are mixed in later',
      'Scoring and generation work; hidden states of this architecture cannot be read yet.',
    );
  }
  const tensors = [additions[0]!.base, ...blockEnds(articulation, additions)];
  const points = tensors.map((tensor, index) => ({
    tensor,
    block: index - 1,
    hook: index === 0 ? 'blocks.0.hook_resid_pre' : `blocks.${index - 1}.hook_resid_post`,
  }));
  return { points, headInput: articulation.tensors[articulation.tensors.lastIndexOf(logits) - 1]! };
}

/** The output of the table look-up that token ids (or the ids cast, clipped, reshaped) go into. */
function embeddingOf(graph: Graph, steps: readonly Step[]): string {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  const ids = graph.inputs.find((input) => /input_ids|tokens/.test(input.name) && !constants.has(input.name));
  const given = graph.inputs.find((input) => /inputs_embeds|pixel_values/.test(input.name) && input.type !== dataType.int64);
  if (ids === undefined) {
    if (given !== undefined) return given.name;
    throw new LabError(
      'model-unsupported',
      `none of the inputs ${graph.inputs.map((input) => input.name).join(', ')} is known to hold tokens`,
      'Export the model as a decoder with an input called input_ids.',
    );
  }
  const derived = new Set([ids.name]);
  for (const step of steps) {
    if (!step.inputs.some((name) => derived.has(name))) continue;
    if (lookup.has(step.op) && step.node.inputs.indexOf(step.inputs.find((name) => derived.has(name))!) !== 0) return step.outputs[0]!;
    if (step.op === 'EmbedLayerNormalization') return step.outputs[0]!;
    if (passing.has(step.op) || step.op === 'Clip' || step.op === 'Where') for (const name of step.outputs) derived.add(name);
  }
  throw new LabError(
    'model-unsupported',
    `no embedding look-up follows the input ${ids.name}`,
    'Export the model as a decoder with its embedding inside.',
  );
}

interface ResidualAddition {
  readonly tensor: string;
  /** The articulation tensor that something is added to. */
  readonly base: string;
}

function residualAdditions({ tensors, maker, position }: Articulation): ResidualAddition[] {
  const cuts = new Set(tensors);
  const strip = (name: string): string => {
    let at = name;
    for (;;) {
      const step = maker.get(at);
      if (cuts.has(at) || step === undefined || !passing.has(step.op)) return at;
      at = step.inputs[0]!;
    }
  };
  const onPath = (step: Step): string[] => step.inputs.filter((name) => position.has(name));
  const baseOf = (name: string, depth: number): string | null => {
    const at = strip(name);
    if (cuts.has(at)) return at;
    const step = maker.get(at);
    if (depth === additionsDeep || step?.op !== 'Add' || onPath(step).length < 2) return null;
    for (const input of onPath(step)) {
      const base = baseOf(input, depth + 1);
      if (base !== null) return base;
    }
    return null;
  };
  const additions: ResidualAddition[] = [];
  for (const tensor of tensors) {
    const step = maker.get(tensor);
    if ((step?.op !== 'Add' && step?.op !== 'Sum') || onPath(step).length < 2) continue;
    const bases = onPath(step)
      .map((input) => baseOf(input, 0))
      .filter((base) => base !== null);
    // With several, the earliest: a branch may itself pass through a later cut.
    const base = bases.toSorted((left, right) => position.get(left)! - position.get(right)!)[0];
    if (base !== undefined) additions.push({ tensor, base });
  }
  return additions;
}

/** The state after each block. In post-normalised models that is the norm behind the addition: what the next addition returns to. */
function blockEnds({ order, position, maker, tensors }: Articulation, additions: readonly ResidualAddition[]): string[] {
  const hasAttention = (from: string, to: string): boolean => {
    for (let index = position.get(from)! + 1; index <= position.get(to)!; index++) {
      if (attention.test(maker.get(order[index]!)?.op ?? '')) return true;
    }
    return false;
  };
  const segment = additions.map((addition, index) =>
    hasAttention(index === 0 ? addition.base : additions[index - 1]!.tensor, addition.tensor),
  );
  const anyAttention = segment.includes(true);
  const returnsToNorm = additions.filter((addition, index) => index > 0 && addition.base !== additions[index - 1]!.tensor).length;
  const postNormalised = returnsToNorm > (additions.length - 1) / 2;
  return additions.flatMap((addition, index) => {
    const last = index === additions.length - 1;
    if (anyAttention && !last && !segment[index + 1]) return [];
    if (!postNormalised) return [addition.tensor];
    if (!last) return [additions[index + 1]!.base];
    const behind = tensors[tensors.indexOf(addition.tensor) + 1];
    return behind !== undefined && normalisation.test(maker.get(behind)?.op ?? '') ? [behind] : [addition.tensor];
  });
}
