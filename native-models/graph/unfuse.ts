/**
 * Takes fused skip-and-normalise nodes apart where the lab wants to read or change the sum inside them: ONNX Runtime computes sum and norm
 * at once, so that a change to the sum alone would not reach the norm.
 */
import { attributeOf, type Graph, type Node } from '../onnx/graph.ts';
import { makeNode } from '../onnx/write.ts';
import { biasedInside, biasInside, isSkipNorm, sumInside } from './flow.ts';

/** ONNX Runtime's own, for files that give none. */
const defaultEpsilon = 1e-12;

/**
 * @param tensors names that must be tensors of their own; those of other places are passed over
 * @returns the same graph with those Skip(Simplified)LayerNormalization nodes replaced whose sum, or whose biased summand, is among them
 */
export function unfuseSums(graph: Graph, tensors: ReadonlySet<string>): Graph {
  const wanted = (node: Node): boolean =>
    isSkipNorm(node) && [sumInside(node), biasedInside(node, 0), biasedInside(node, 1)].some((name) => tensors.has(name));
  if (!graph.nodes.some(wanted)) return graph;
  return { ...graph, nodes: graph.nodes.flatMap((node) => (wanted(node) ? takenApart(node, tensors) : [node])) };
}

function takenApart(node: Node, tensors: ReadonlySet<string>): Node[] {
  const [input, skip, ...weights] = node.inputs as readonly [string, string, ...string[]];
  const bias = biasInside(node);
  const sum = sumInside(node);
  const summands: [string, string] = [input, skip];
  const nodes: Node[] = [];
  if (bias !== null) {
    const biased = tensors.has(biasedInside(node, 1)) ? 1 : 0;
    const name = biasedInside(node, biased);
    nodes.push(makeNode('Add', [summands[biased], bias], [name]));
    summands[biased] = name;
  }
  nodes.push(makeNode('Add', summands, [sum]));
  const [normalised, mean, deviation] = node.outputs;
  if (!normalised) return nodes;
  const epsilon = { float: attributeOf(node, 'epsilon')?.float ?? defaultEpsilon };
  if (node.op === 'SkipLayerNormalization') {
    const scaleAndShift = weights.slice(0, 2).filter((name) => name !== '');
    const outputs = [normalised, mean ?? '', deviation ?? ''];
    while (outputs.at(-1) === '') outputs.pop();
    nodes.push(makeNode('LayerNormalization', [sum, ...scaleAndShift], outputs, { axis: -1, epsilon }));
  } else {
    const outputs = [normalised, deviation ?? ''].filter((name, index) => index === 0 || name !== '');
    nodes.push(makeNode('SimplifiedLayerNormalization', [sum, weights[0]!], outputs, { axis: -1, epsilon }));
  }
  return nodes;
}
