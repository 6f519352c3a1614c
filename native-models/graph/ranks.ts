/** How many dimensions each tensor of a graph has, inferred from its inputs and weights on; tensors that this leaves open are left out. */
import { attributeOf, type Graph, type Node } from '../onnx/graph.ts';
import { biasedInside, embeddingSumInside, isEmbedNorm, isSkipNorm, sumInside } from './flow.ts';

const broadcasting = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Mod', 'Max', 'Min', 'Sum', 'Mean', 'Where', 'PRelu', 'And', 'Or', 'Xor'],
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'BitShift'],
]);
const products = new Set(['MatMul', 'FusedMatMul', 'MatMulInteger', 'MatMulIntegerToFloat', 'DynamicQuantizeMatMul']);
const gathering = new Set(['Gather', 'GatherBlockQuantized']);
/** Operators of a fixed rank, whatever they are given. */
const fixed = new Map([
  ['Shape', 1],
  ['Size', 0],
  ['Range', 1],
  ['Gemm', 2],
  ['FusedGemm', 2],
  ['QGemm', 2],
  ['Flatten', 2],
  ['NonZero', 2],
  ['EmbedLayerNormalization', 3],
  ['QEmbedLayerNormalization', 3],
]);

export function ranksOf(graph: Graph): Map<string, number> {
  const ranks = new Map<string, number>();
  /** Lengths of vectors: those that give shapes decide the rank of what is made of them. */
  const lengths = new Map<string, number>();
  const set = (name: string, rank: number | undefined): void => {
    if (name !== '' && rank !== undefined && rank >= 0) ranks.set(name, rank);
  };
  for (const input of graph.inputs) set(input.name, input.shape?.length);
  for (const { name, shape } of graph.initializers) {
    set(name, shape.length);
    if (shape.length === 1) lengths.set(name, shape[0]!);
  }
  for (const node of graph.nodes) {
    node.outputs.forEach((name, index) =>
      set(name, index === 0 ? firstRank(node, ranks, lengths) : laterRank(node, index, ranks, lengths)),
    );
    const length = lengthOf(node, ranks, lengths);
    if (length !== undefined) lengths.set(node.outputs[0]!, length);
    if (isSkipNorm(node))
      for (const name of [sumInside(node), biasedInside(node, 0), biasedInside(node, 1)]) set(name, ranks.get(node.inputs[0]!));
    if (isEmbedNorm(node)) set(embeddingSumInside(node), 3);
  }
  return ranks;
}

type Numbers = ReadonlyMap<string, number>;

function firstRank(node: Node, ranks: Numbers, lengths: Numbers): number | undefined {
  const rank = (index: number): number | undefined => ranks.get(node.inputs[index] ?? '');
  const branch = node.attributes.find(({ graph }) => graph !== null)?.graph;
  if (branch != null) return node.op === 'If' ? branch.outputs[0]?.shape?.length : undefined;
  if (fixed.has(node.op)) return fixed.get(node.op);
  if (broadcasting.has(node.op)) return largest(node.inputs.map((name) => ranks.get(name)));
  if (products.has(node.op)) return productRank(rank(0), rank(1));
  if (gathering.has(node.op)) return sum(rank(0), rank(1), -1);
  switch (node.op) {
    case 'Constant':
      return constantShape(node)?.length;
    case 'Reshape':
    case 'ConstantOfShape':
      return lengths.get(node.inputs[node.op === 'Reshape' ? 1 : 0] ?? '');
    case 'Expand':
      return largest([rank(0), lengths.get(node.inputs[1] ?? '')]);
    case 'Unsqueeze':
      return sum(rank(0), axesOf(node, lengths));
    case 'Squeeze':
      return difference(rank(0), axesOf(node, lengths));
    case 'GatherND':
    case 'OneHot':
    case 'QLinearMatMul':
      return undefined;
    case 'Einsum':
      return einsumRank(node);
    default:
      return /^(Reduce|ArgM)/.test(node.op) ? reducedRank(node, rank(0), lengths) : rank(0);
  }
}

function laterRank(node: Node, index: number, ranks: Numbers, lengths: Numbers): number | undefined {
  if (node.op === 'If') return node.attributes.find(({ graph }) => graph !== null)?.graph?.outputs[index]?.shape?.length;
  if (node.op === 'DynamicQuantizeLinear') return 0;
  if (isEmbedNorm(node)) return index === 2 ? 3 : undefined;
  return /^(Split|TopK|Dropout|MaxPool)$/.test(node.op) || (isSkipNorm(node) && index === 3) ? firstRank(node, ranks, lengths) : undefined;
}

/** Length of the vector that a node makes, as far as shape arithmetic goes. */
function lengthOf(node: Node, ranks: Numbers, lengths: Numbers): number | undefined {
  const [first] = node.inputs;
  switch (node.op) {
    case 'Shape': {
      const rank = ranks.get(first!);
      const end = attributeOf(node, 'end')?.integer;
      const start = attributeOf(node, 'start')?.integer ?? 0n;
      if (rank === undefined) return undefined;
      const at = (bound: bigint): number => Math.min(rank, Math.max(0, bound < 0n ? rank + Number(bound) : Number(bound)));
      return Math.max(0, at(end ?? BigInt(rank)) - at(start));
    }
    case 'Constant': {
      const shape = constantShape(node);
      return shape?.length === 1 ? shape[0] : undefined;
    }
    case 'Concat':
      return sum(...node.inputs.map((name) => lengths.get(name)));
    case 'Unsqueeze':
      return ranks.get(first!) === 0 ? 1 : undefined;
    case 'Reshape':
      // [-1] of a scalar or of a vector, as exporters write a shape's parts.
      if (ranks.get(node.outputs[0]!) !== 1) return undefined;
      return ranks.get(first!) === 0 ? 1 : lengths.get(first!);
    case 'Cast':
    case 'Identity':
    case 'Mul':
    case 'Equal':
    case 'Where': {
      const known = node.inputs.map((name) => lengths.get(name)).filter((length) => length !== undefined);
      const unknown = node.inputs.some((name) => ranks.get(name) !== 0 && !lengths.has(name));
      // One element is spread over as many as the others have.
      const longest = Math.max(1, ...known);
      return longest === 1 && (unknown || known.length === 0) ? undefined : longest;
    }
    default:
      return undefined;
  }
}

function constantShape(node: Node): readonly number[] | undefined {
  const [attribute] = node.attributes;
  if (attribute?.tensor != null) return attribute.tensor.shape;
  if (attribute?.name === 'value_ints') return [attribute.integers.length];
  return attribute?.name === 'value_int' || attribute?.name === 'value_float' ? [] : undefined;
}

function productRank(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (left === 1) return right - 1;
  return right === 1 ? left - 1 : Math.max(left, right);
}

/** How many axes a Squeeze, Unsqueeze or reduction names: as an attribute in older operator sets, as an input in newer ones. */
function axesOf(node: Node, lengths: Numbers): number | undefined {
  const attribute = attributeOf(node, 'axes');
  return attribute === undefined ? lengths.get(node.inputs[1] ?? '') : attribute.integers.length;
}

function reducedRank(node: Node, rank: number | undefined, lengths: Numbers): number | undefined {
  if ((attributeOf(node, 'keepdims')?.integer ?? 1n) !== 0n) return rank;
  return difference(rank, node.op.startsWith('Arg') ? 1 : (axesOf(node, lengths) ?? rank));
}

function einsumRank(node: Node): number | undefined {
  const result = attributeOf(node, 'equation')?.text?.split('->')[1]?.replaceAll(' ', '');
  return result === undefined || result.includes('.') ? undefined : result.length;
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  return values.length === 0 || values.some((value) => value === undefined) ? undefined : Math.max(...(values as number[]));
}

function sum(...values: (number | undefined)[]): number | undefined {
  return values.some((value) => value === undefined) ? undefined : (values as number[]).reduce((total, value) => total + value, 0);
}

function difference(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? undefined : left - right;
}
