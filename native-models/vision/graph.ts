/** What an image model takes and gives, read from its graph, and the graphs that are run. */
import { LabError } from '../../probes/lab-error.ts';
import { copyOf, prune } from '../graph/prune.ts';
import { unfuseSums } from '../graph/unfuse.ts';
import { dataType, type OnnxModel } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import type { Hook } from '../opened.ts';
import type { InputShape } from './preprocessing.ts';

export interface ImageInput extends InputShape {
  readonly name: string;
  readonly type: number;
  /** How many images each run must have; null where the model takes any number. */
  readonly batch: number | null;
  /** Whether images of one run change each other's results: then each is run alone. */
  readonly mixesBatch: boolean;
}

export const imageNames = {
  /** float32, as the preprocessing makes it. */
  pixels: 'candor/pixels',
  /** float32 [batch, classes …]. */
  logits: 'candor/logits',
} as const;

/** Output of the hook at this place in the list that was asked for; float32. */
export const hookOutput = (index: number): string => `candor/image_hook.${index}`;

/** Quantisation by the largest value of the whole tensor: a bright image makes the others of its batch coarser. */
const mixing = new Set(['DynamicQuantizeLinear', 'DynamicQuantizeMatMul', 'DynamicQuantizeLSTM']);

/** @throws LabError `model-unsupported` if the graph does not take one batch of images, grey or in three colours */
export function imageInputOf({ graph }: OnnxModel): ImageInput {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter(({ name }) => !constants.has(name));
  const [input] = inputs;
  const shape = input?.shape ?? null;
  if (input === undefined || inputs.length > 1 || shape?.length !== 4)
    throw unsupported(`its inputs are ${inputs.map(({ name, shape }) => `${name} [${shape?.join(', ') ?? '?'}]`).join(', ') || 'none'}`);
  const [batch, second, third, last] = shape;
  const isChannels = (size: unknown): size is 1 | 3 => size === 1 || size === 3;
  const edge = (size: number | string | null | undefined): number | null => (typeof size === 'number' && size > 0 ? size : null);
  const common = {
    name: input.name,
    type: input.type,
    batch: edge(batch),
    mixesBatch: graph.nodes.some(({ op }) => mixing.has(op)),
  };
  if (isChannels(last) && !isChannels(second))
    return { ...common, layout: 'NHWC', channels: last, height: edge(second), width: edge(third) };
  // Exports that leave every size open are the hub's, which have three colours first.
  if (typeof second === 'number' && !isChannels(second)) throw unsupported(`its input ${input.name} is [${shape.join(', ')}]`);
  return { ...common, layout: 'NCHW', channels: isChannels(second) ? second : 3, height: edge(third), width: edge(last) };
}

/** Steps that pass values on, at most reshaped or in another type. */
const passing = new Set(['Identity', 'Cast', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** Whether the graph ends in a softmax, so that its output holds probabilities already. */
export function givesProbabilities({ graph }: OnnxModel, output: string): boolean {
  let name = output;
  for (;;) {
    const maker = graph.nodes.find((node) => node.outputs.includes(name));
    if (maker === undefined) return false;
    if (!passing.has(maker.op)) return maker.op === 'Softmax';
    name = maker.inputs[0]!;
  }
}

/** The whole model, from `imageNames.pixels` to `imageNames.logits`. */
export function classifyGraph(model: OnnxModel, input: ImageInput, output: string): OnnxModel {
  const graph = withPixels(model, input);
  graph.nodes.push(makeNode('Cast', [output], [imageNames.logits], { to: dataType.float }));
  graph.outputs = [valueInfo(imageNames.logits, dataType.float)];
  return { ...model, graph: prune(graph) };
}

/**
 * - `mean`: maps averaged over their pixels ([batch, channel]), residual streams over their positions ([batch, width]); all else whole;
 * - `full`: everything as it is.
 */
export type ImageHookMode = 'mean' | 'full';

/** Outputs `hookOutput(0)`, `hookOutput(1)` … in the order of the hooks; everything behind the last of them is cut away. */
export function imageHookGraph(model: OnnxModel, input: ImageInput, hooks: readonly Hook[], mode: ImageHookMode): OnnxModel {
  const tensors = new Set(hooks.map(({ tensor }) => tensor));
  const graph = withPixels({ ...model, graph: unfuseSums(model.graph, tensors) }, input);
  graph.outputs = hooks.map((_, index) => valueInfo(hookOutput(index), dataType.float));
  hooks.forEach(({ tensor, shape }, index) => {
    const output = hookOutput(index);
    let last = tensor;
    const then = (op: string, attributes: Parameters<typeof makeNode>[3] = {}): void => {
      const made = `${output}/${op}`;
      graph.nodes.push(makeNode(op, [last], [made], attributes));
      last = made;
    };
    if (mode === 'mean' && (shape === 'map' || shape === 'residual')) {
      // Pooling is written the same in every operator set, unlike ReduceMean; it averages what comes behind the second axis.
      if (shape === 'residual') then('Transpose', { perm: [0, 2, 1] });
      then('GlobalAveragePool');
      then('Flatten', { axis: 1 });
    }
    graph.nodes.push(makeNode('Cast', [last], [output], { to: dataType.float }));
  });
  return { ...model, graph: prune(graph) };
}

/** A copy that takes float32 pixels, whatever the model's own input is (float16, bytes). */
function withPixels(model: OnnxModel, input: ImageInput): OnnxModel['graph'] {
  const graph = copyOf(model.graph);
  const own = graph.inputs.find(({ name }) => name === input.name)!;
  graph.inputs = graph.inputs.map((each) => (each === own ? valueInfo(imageNames.pixels, dataType.float, own.shape) : each));
  graph.nodes.unshift(makeNode('Cast', [imageNames.pixels], [input.name], { to: input.type }));
  return graph;
}

function unsupported(why: string): LabError {
  return new LabError(
    'model-unsupported',
    `the graph takes no pictures: ${why}`,
    'Export the model with one input [batch, 3, height, width] or [batch, height, width, 3] (or 1 instead of 3).',
  );
}
