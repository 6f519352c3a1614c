/** Between the residual stream and the logits: the final norm, and the head's matrix product. */
import { LabError } from '../../probes/lab-error.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import { rewireNode } from '../onnx/write.ts';
import { findArticulation } from './articulation.ts';
import { stepsOf } from './flow.ts';

const product =
  /^(MatMul|Gemm|FusedMatMul|MatMulNBits|MatMulBnb4|MatMulInteger|MatMulIntegerToFloat|DynamicQuantizeMatMul|QLinearMatMul|QGemm|Conv)$/;

/**
 * What the head's matrix product is applied to: where positions are chosen, so that the product and all behind it work on those alone.
 * Not earlier: some exports reshape the normalised state to the size of the input.
 * @param stream the last state of the residual stream, after which nothing mixes positions
 * @returns the last tensor before the product that every path from the stream to the output goes through
 */
export function inputOfHead(graph: Graph, stream: string, output: string): string {
  const steps = stepsOf(graph);
  const { tensors, order, position, maker } = findArticulation(steps, stream, output);
  const first = order.find((name) => product.test(maker.get(name)?.op ?? ''));
  const step = first === undefined ? undefined : maker.get(first);
  // Gemm takes two axes only: what lays positions side by side for it belongs to the product.
  const given = step?.op === 'Gemm' ? step.inputs.find((name) => /^(Reshape|Flatten|Squeeze)$/.test(maker.get(name)?.op ?? '')) : undefined;
  const end = given ?? first;
  const before = end === undefined ? [] : tensors.filter((name) => position.get(name)! < position.get(end)!);
  return before.at(-1) ?? stream;
}

/**
 * The nodes between two tensors of the stream once more, for another state.
 * @returns nodes that compute from `state` what the graph computes from `from`, under names that begin with `prefix`; the last is `to`'s
 */
export function repeated(graph: Graph, from: string, to: string, state: string, prefix: string): { nodes: Node[]; result: string } {
  if (from === to) return { nodes: [], result: state };
  const needed = new Set([to]);
  const between: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    between.push(node);
    for (const name of node.inputs) if (name !== from) needed.add(name);
  }
  // Only what depends on the state is repeated: shapes and masks are the same for all.
  const renamed = new Map([[from, state]]);
  const nodes: Node[] = [];
  for (const node of between.reverse()) {
    if (!node.inputs.some((name) => renamed.has(name))) continue;
    for (const name of node.outputs) if (name !== '') renamed.set(name, `${prefix}/${name}`);
    nodes.push(
      rewireNode(
        node,
        node.inputs.map((name) => renamed.get(name) ?? name),
        node.outputs.map((name) => renamed.get(name) ?? name),
        `${prefix}/${node.name}`,
      ),
    );
  }
  const result = renamed.get(to);
  if (result === undefined)
    throw new LabError('model-unsupported', `${to} does not depend on ${from}`, 'The logit lens needs a residual stream.');
  return { nodes, result };
}
