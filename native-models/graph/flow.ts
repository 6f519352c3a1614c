/** The flow of values through a graph, with those operators taken apart that hide the residual stream inside themselves. */
import { attributeOf, capturedBy, type Graph, type Node } from '../onnx/graph.ts';

export interface Step {
  readonly op: string;
  /** Constants are left out: a product with weights has one input, a product of two states has two. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly node: Node;
}

/** Operators whose result carries no values of their input, only its shape. */
const shapeOnly = new Set(['Shape', 'Size', 'EyeLike', 'RandomNormalLike', 'RandomUniformLike']);
const skipNorm = /^Skip(Simplified)?LayerNormalization$/;

export function isSkipNorm(node: Node): boolean {
  return skipNorm.test(node.op);
}

/** Name of the sum inside a fused skip-and-normalise node: its fourth output, whether or not the file names it. */
export function sumInside(node: Node): string {
  return node.outputs[3] || `${node.outputs[0]}::sum`;
}

/** The bias that a fused skip-and-normalise node adds to its sum; null where it has none. */
export function biasInside(node: Node): string | null {
  return node.inputs[node.op === 'SkipLayerNormalization' ? 4 : 3] || null;
}

/** Name of what one of the two summands of such a node is, the bias added: a tensor of the graph only after `unfuse.ts`. */
export function biasedInside(node: Node, input: 0 | 1): string {
  return `${node.outputs[0]}::biased.${input}`;
}

export function isEmbedNorm(node: Node): boolean {
  return node.op === 'EmbedLayerNormalization' || node.op === 'QEmbedLayerNormalization';
}

/** Name of the sum of embeddings inside a fused EmbedLayerNormalization: its third output, whether or not the file names it. */
export function embeddingSumInside(node: Node): string {
  return node.outputs[2] || `${node.outputs[0]}::sum`;
}

/** Initializers, and all that is computed from nothing else. */
export function constantsOf(graph: Graph): Set<string> {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  for (const node of graph.nodes)
    if ([...node.inputs, ...capturedBy(node)].every((name) => name === '' || constants.has(name)))
      for (const name of node.outputs) constants.add(name);
  return constants;
}

/** The steps of a graph in its own (topological) order. */
export function stepsOf(graph: Graph, constants: ReadonlySet<string> = constantsOf(graph)): Step[] {
  const steps: Step[] = [];
  for (const node of graph.nodes) {
    if (shapeOnly.has(node.op) || node.outputs.every((name) => constants.has(name))) continue;
    const inputs = [...valueInputs(node), ...capturedBy(node)].filter((name) => name !== '' && !constants.has(name));
    const outputs = node.outputs.filter((name) => name !== '');
    if (isSkipNorm(node)) {
      const sum = sumInside(node);
      steps.push({ op: 'Add', inputs, outputs: [sum], node }, { op: node.op, inputs: [sum], outputs: [node.outputs[0]!], node });
    } else if (isEmbedNorm(node)) {
      const sum = embeddingSumInside(node);
      steps.push({ op: 'EmbeddingSum', inputs, outputs: [sum], node }, { op: node.op, inputs: [sum], outputs: [node.outputs[0]!], node });
    } else {
      steps.push({ op: node.op, inputs, outputs, node });
    }
  }
  return steps;
}

/** CastLike takes only the type of its second input. */
function valueInputs(node: Node): readonly string[] {
  return node.op === 'CastLike' ? node.inputs.slice(0, 1) : node.inputs;
}

/** Steps that pass values on, at most reshaped, in another order of axes, or in another type. */
const passing = new Set([
  'Identity',
  'Cast',
  'CastLike',
  'Reshape',
  'Unsqueeze',
  'Squeeze',
  'Transpose',
  'Flatten',
  'Dropout',
  'QuantizeLinear',
  'DequantizeLinear',
]);

export function passesOn(step: Step): boolean {
  return passing.has(step.op);
}

/** Steps behind which the very same values lie in the same order: only the type or the grouping into dimensions differs. */
const renaming = new Set(['Identity', 'Cast', 'CastLike', 'Reshape', 'Unsqueeze', 'Squeeze', 'Flatten', 'Dropout']);

export function renames(step: Step): boolean {
  return renaming.has(step.op);
}

/** A product or quotient of a state and a constant: the scaled residual streams and branches of some architectures. */
export function scales(step: Step): boolean {
  return (step.op === 'Mul' || step.op === 'Div') && step.inputs.length === 1;
}

const products = new Set([
  'MatMul',
  'Gemm',
  'Einsum',
  'FusedMatMul',
  'FusedGemm',
  'GemmFastGelu',
  'MatMulNBits',
  'MatMulBnb4',
  'MatMulInteger',
  'MatMulIntegerToFloat',
  'DynamicQuantizeMatMul',
  'QLinearMatMul',
  'QGemm',
]);

/** A product with weights; MatMulInteger's two inputs beyond the state are its scale and zero point. */
export function isProjection(step: Step, constants: ReadonlySet<string>): boolean {
  return products.has(step.op) && weightsOf(step.node).some((name) => constants.has(name));
}

/** A product of two states: scores of attention, or the weighted sum of its values. */
export function isStateProduct(step: Step, constants: ReadonlySet<string>): boolean {
  if (!products.has(step.op)) return false;
  const weights = weightsOf(step.node);
  return weights.length > 1 && weights.every((name) => !constants.has(name));
}

/** The factors of a product, without biases, scales and zero points. */
function weightsOf(node: Node): readonly string[] {
  if (node.op === 'Einsum') return node.inputs;
  const second = node.op === 'QLinearMatMul' || node.op === 'QGemm' ? 3 : 1;
  return [node.inputs[0]!, node.inputs[second] ?? ''].filter((name) => name !== '');
}

/** How a Transpose orders its axes; empty where nothing says it. */
export function permutationOf(step: Step): readonly number[] {
  return attributeOf(step.node, 'perm')?.integers.map(Number) ?? [];
}
