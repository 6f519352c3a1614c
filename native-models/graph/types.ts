/** Element types of a graph's tensors, inferred from its inputs and weights on; 0 where an operator is not known to keep its input's. */
import { attributeOf, dataType, type Graph, type Node } from '../onnx/graph.ts';
import { biasInside, biasedInside, embeddingSumInside, isEmbedNorm, isSkipNorm, sumInside } from './flow.ts';

const { bool, float, int32, int64, uint8 } = dataType;

/** Operators whose first output is of one type, whatever they are given. */
const fixed = new Map<string, number>([
  ...['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression'].map((op) => [op, int64] as const),
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or', 'Not', 'Xor', 'IsNaN', 'IsInf'].map(
    (op) => [op, bool] as const,
  ),
  ...['MatMulInteger', 'ConvInteger'].map((op) => [op, int32] as const),
  ['DynamicQuantizeLinear', uint8],
]);
/** Operators whose first output has the type of another input than the first. */
const typeInput = new Map([
  ['CastLike', 1],
  ['Where', 1],
  ['DequantizeLinear', 1],
  ['OneHot', 2],
  ['MatMulIntegerToFloat', 2],
  ['GatherBlockQuantized', 2],
  ['EmbedLayerNormalization', 2],
  // Of quantised operators, a scale: all else are integers.
  ['QEmbedLayerNormalization', 8],
  ['QAttention', 3],
]);
/** Types of second and later outputs where they differ from the first's. */
const laterOutputs = new Map<string, readonly number[]>([
  ['DynamicQuantizeLinear', [float, uint8]],
  ['TopK', [int64]],
  ['MaxPool', [int64]],
  ['Dropout', [bool]],
  ['EmbedLayerNormalization', [int32]],
  ['QEmbedLayerNormalization', [int32]],
]);

export function elementTypes(graph: Graph): Map<string, number> {
  const types = new Map<string, number>();
  for (const input of graph.inputs) types.set(input.name, input.type);
  for (const tensor of graph.initializers) types.set(tensor.name, tensor.type);
  for (const node of graph.nodes) {
    const branches = subgraphTypes(node);
    node.outputs.forEach((name, index) => {
      if (name !== '') types.set(name, branches?.[index] ?? outputType(node, index, types));
    });
    if (isSkipNorm(node)) {
      const type = types.get(node.inputs[0]!) ?? 0;
      types.set(sumInside(node), type);
      if (biasInside(node) !== null) for (const input of [0, 1] as const) types.set(biasedInside(node, input), type);
    }
    if (isEmbedNorm(node)) types.set(embeddingSumInside(node), types.get(node.outputs[0]!) ?? 0);
  }
  return types;
}

/** Tensors of floating-point numbers, the unnamed sums inside fused nodes included. */
export function floatTensors(graph: Graph): Set<string> {
  return new Set([...elementTypes(graph)].filter(([, type]) => isFloat(type)).map(([name]) => name));
}

export function isFloat(type: number): boolean {
  return type === dataType.float || type === dataType.float16 || type === dataType.bfloat16 || type === dataType.double;
}

function outputType(node: Node, index: number, types: ReadonlyMap<string, number>): number {
  const later = index === 0 ? undefined : laterOutputs.get(node.op)?.[index - 1];
  if (later !== undefined) return later;
  const always = fixed.get(node.op);
  if (always !== undefined) return always;
  if (node.op === 'Cast' || node.op === 'RandomNormal' || node.op === 'RandomUniform')
    return Number(attributeOf(node, 'to')?.integer ?? attributeOf(node, 'dtype')?.integer ?? float);
  if (node.op === 'QuantizeLinear') return types.get(node.inputs[2] ?? '') ?? Number(attributeOf(node, 'output_dtype')?.integer ?? uint8);
  if (node.op === 'Constant') return constantType(node);
  if (node.op === 'ConstantOfShape') return attributeOf(node, 'value')?.tensor?.type ?? float;
  return types.get(node.inputs[typeInput.get(node.op) ?? 0] ?? '') ?? 0;
}

function constantType(node: Node): number {
  const [attribute] = node.attributes;
  if (attribute?.tensor != null) return attribute.tensor.type;
  if (attribute?.name.startsWith('value_float') === true) return float;
  return attribute?.name.startsWith('value_int') === true ? int64 : 0;
}

/** Types that the branches of an If, or the body of a Loop or Scan, declare for the node's outputs. */
function subgraphTypes(node: Node): readonly number[] | null {
  const body = node.attributes.find(({ graph }) => graph !== null)?.graph ?? null;
  if (body === null) return null;
  const types = body.outputs.map(({ type }) => type);
  // The first output of a Loop's body says whether to go on.
  return node.op === 'Loop' ? types.slice(1) : types;
}
