/** In which type most of a graph's weights are stored. */
import { attributeOf, dataType, type Graph, type Node } from '../onnx/graph.ts';

const named: ReadonlyMap<number, string> = new Map([
  ...Object.entries(dataType).map(([name, type]) => [type, name === 'float' ? 'float32' : name === 'double' ? 'float64' : name] as const),
  [17, 'float8'],
  [18, 'float8'],
  [19, 'float8'],
  [20, 'float8'],
  [23, 'float4'],
]);

interface Packed {
  readonly name: string;
  readonly values: number;
  readonly type: string;
}

/** Weights that an operator unpacks: each byte holds several values. */
function packedIn(node: Node, shapes: ReadonlyMap<string, readonly number[]>): Packed[] {
  const integer = (name: string, otherwise: number): number => Number(attributeOf(node, name)?.integer ?? otherwise);
  if (node.op === 'MatMulNBits')
    return [{ name: node.inputs[1]!, values: integer('N', 0) * integer('K', 0), type: `int${integer('bits', 4)}` }];
  if (node.op === 'MatMulBnb4')
    return [{ name: node.inputs[1]!, values: integer('N', 0) * integer('K', 0), type: integer('quant_type', 1) === 1 ? 'nf4' : 'fp4' }];
  const bits = node.op === 'GatherBlockQuantized' ? integer('bits', 4) : node.op === 'QMoE' ? integer('expert_weight_bits', 4) : 8;
  if (bits === 8) return [];
  // QMoE: weights of its up to three products over experts.
  const names = node.op === 'QMoE' ? [2, 5, 8].map((index) => node.inputs[index] ?? '') : [node.inputs[0]!];
  return names
    .filter((name) => shapes.has(name))
    .map((name) => ({ name, values: (sizeOf(shapes.get(name)!) * 8) / bits, type: `int${bits}` }));
}

/** @returns float32, float16, bfloat16, int8, uint8, int4 …, counted in values of all matrices; float32 where there are none */
export function dtypeOf(graph: Graph): string {
  // Types of four bits say themselves what they are; in bytes, several values lie side by side.
  const bytes = graph.initializers.filter(({ type }) => type === dataType.uint8);
  const shapes = new Map(bytes.map(({ name, shape }) => [name, shape]));
  const packed = new Map(graph.nodes.flatMap((node) => packedIn(node, shapes)).map((weights) => [weights.name, weights]));
  const scales = new Set(graph.nodes.filter((node) => packed.has(node.inputs[1] ?? '')).flatMap((node) => node.inputs.slice(2)));
  const counts = new Map<string, number>();
  for (const { name, shape, type } of graph.initializers) {
    if (scales.has(name)) continue;
    const weights = packed.get(name);
    const kind = weights?.type ?? named.get(type) ?? 'unknown';
    // Vectors are biases, norms, and constants of shape arithmetic.
    if (weights !== undefined || shape.length > 1) counts.set(kind, (counts.get(kind) ?? 0) + (weights?.values ?? sizeOf(shape)));
  }
  return [...counts].toSorted(([, left], [, right]) => right - left)[0]?.[0] ?? 'float32';
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
