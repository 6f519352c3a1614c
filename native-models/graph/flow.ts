/** The flow of values through a graph, with the two operators taken apart that hide the residual stream inside themselves. */
import { capturedBy, type Graph, type Node } from '../onnx/graph.ts';

export interface Step {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly node: Node;
}

/** Operators whose result carries no values of their input, only its shape. */
const shapeOnly = new Set(['Shape', 'Size']);
const skipNorm = /^Skip(Simplified)?LayerNormalization$/;

/** Name of the sum inside a fused skip-and-normalise node: its fourth output, whether or not the file names it. */
export function sumInside(node: Node): string {
  return node.outputs[3] || `${node.outputs[0]}::sum`;
}

export function isSkipNorm(node: Node): boolean {
  return skipNorm.test(node.op);
}

/**
 * The steps of a graph in its own (topological) order, initializers left out of the inputs.
 * Skip(Simplified)LayerNormalization becomes an addition and a normalisation, so that the sum is a tensor like others.
 */
export function stepsOf(graph: Graph): Step[] {
  const constants = new Set(graph.initializers.map((tensor) => tensor.name));
  const steps: Step[] = [];
  for (const node of graph.nodes) {
    if (shapeOnly.has(node.op)) continue;
    const inputs = [...node.inputs, ...capturedBy(node)].filter((name) => name !== '' && !constants.has(name));
    if (isSkipNorm(node)) {
      const sum = sumInside(node);
      steps.push({ op: 'Add', inputs, outputs: [sum], node });
      steps.push({ op: node.op, inputs: [sum], outputs: [node.outputs[0]!], node });
    } else {
      steps.push({ op: node.op, inputs, outputs: node.outputs.filter((name) => name !== ''), node });
    }
  }
  return steps;
}
