/**
 * Graphs made from a model's own for one purpose each: log-probabilities of chosen tokens, hidden states at chosen positions,
 * or one step of generation. ONNX Runtime runs everything that is in a file, asked for or not, so each keeps only what it needs.
 */
import { LabError } from '../../probes/lab-error.ts';
import { capturedBy, dataType, type Graph, type Node, type OnnxModel, type ValueInfo } from '../onnx/graph.ts';
import { makeNode, rewireNode, valueInfo } from '../onnx/write.ts';
import { isSkipNorm, sumInside } from './flow.ts';
import { findResidualStream, type ResidualPoint } from './residual.ts';

export const names = {
  /** int64 [K, 2]: (row of the batch, position) of each position that is read. */
  positions: 'candor/positions',
  /** int64 [N, 2]: (index into the positions, token id) of each log-probability. */
  targets: 'candor/targets',
  /** float [K, vocabulary]. */
  logits: 'candor/logits',
  /** float [N]: natural log-probabilities. */
  logprobs: 'candor/logprobs',
  /** float [points × K, width]: the K positions of the first point, then those of the next. */
  hidden: 'candor/hidden',
} as const;

/** log P(token) at chosen positions. The head is applied to those positions alone, and no logit leaves the graph. */
export function scoringGraph(model: OnnxModel, logits: string): OnnxModel {
  const graph = copyOf(model.graph);
  const { headInput } = findResidualStream(graph, logits);
  gatherBeforeHead(graph, headInput);
  graph.nodes.push(
    makeNode('Cast', [logits], [names.logits], { to: dataType.float }),
    makeNode('LogSoftmax', [names.logits], ['candor/log_softmax'], { axis: -1 }),
    makeNode('GatherND', ['candor/log_softmax', names.targets], [names.logprobs]),
  );
  graph.inputs.push(valueInfo(names.positions, dataType.int64, ['positions', 2]), valueInfo(names.targets, dataType.int64, ['targets', 2]));
  graph.outputs = [valueInfo(names.logprobs, dataType.float, ['targets'])];
  return { ...model, graph: pruned(graph) };
}

/** The residual stream at chosen positions, head and everything behind the last block cut away. */
export function hiddenGraph(model: OnnxModel, logits: string): { model: OnnxModel; points: readonly ResidualPoint[] } {
  const graph = copyOf(model.graph);
  const { points } = findResidualStream(graph, logits);
  const rows = points.map((point, index) => {
    const tensor = nameSum(graph, point.tensor);
    graph.nodes.push(
      makeNode('GatherND', [tensor, names.positions], [`candor/rows.${index}`]),
      makeNode('Cast', [`candor/rows.${index}`], [`candor/rows32.${index}`], { to: dataType.float }),
    );
    return `candor/rows32.${index}`;
  });
  // Concatenated, not stacked: Unsqueeze is written differently in old and new operator sets.
  graph.nodes.push(makeNode('Concat', rows, [names.hidden], { axis: 0 }));
  graph.inputs.push(valueInfo(names.positions, dataType.int64, ['positions', 2]));
  graph.outputs = [valueInfo(names.hidden, dataType.float, ['rows', null])];
  return { model: { ...model, graph: pruned(graph) }, points };
}

/** One step of generation: logits at chosen positions [K, vocabulary], and the key-value cache for the next step. */
export function stepGraph(model: OnnxModel, logits: string): OnnxModel {
  const graph = copyOf(model.graph);
  const { headInput } = findResidualStream(graph, logits);
  gatherBeforeHead(graph, headInput);
  graph.nodes.push(makeNode('Cast', [logits], [names.logits], { to: dataType.float }));
  graph.inputs.push(valueInfo(names.positions, dataType.int64, ['positions', 2]));
  const cache = graph.outputs.filter((output) => output.name !== logits);
  graph.outputs = [valueInfo(names.logits, dataType.float, ['positions', null]), ...cache];
  return { ...model, graph: pruned(graph) };
}

/** Puts a GatherND before the head, so that it works on [K, width] instead of [batch, sequence, width]. */
function gatherBeforeHead(graph: Graph, headInput: string): void {
  const rows = 'candor/head_rows';
  const tensor = nameSum(graph, headInput);
  const first = graph.nodes.findIndex((node) => node.inputs.includes(tensor));
  if (first < 0)
    throw new LabError(
      'model-unsupported',
      `nothing follows ${headInput}, the last state before the logits`,
      'Export the model again with logits as an output.',
    );
  graph.nodes = graph.nodes.map((node) =>
    node.inputs.includes(tensor)
      ? rewireNode(
          node,
          node.inputs.map((name) => (name === tensor ? rows : name)),
          node.outputs,
        )
      : node,
  );
  graph.nodes.splice(first, 0, makeNode('GatherND', [tensor, names.positions], [rows]));
}

/** Gives the sum inside a fused node a name in the graph, if it is one. */
function nameSum(graph: Graph, tensor: string): string {
  const index = graph.nodes.findIndex((node) => isSkipNorm(node) && sumInside(node) === tensor && node.outputs[3] !== tensor);
  if (index < 0) return tensor;
  const node = graph.nodes[index]!;
  const name = `candor/sum/${node.outputs[0]}`;
  graph.nodes[index] = rewireNode(node, node.inputs, [node.outputs[0]!, node.outputs[1] ?? '', node.outputs[2] ?? '', name]);
  return name;
}

function copyOf(graph: Graph): Graph {
  return {
    ...graph,
    nodes: [...graph.nodes],
    initializers: [...graph.initializers],
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
  };
}

/** Drops every node, weight and input that no output needs. */
function pruned(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    nodes.push(node);
    for (const name of [...node.inputs, ...capturedBy(node)]) needed.add(name);
  }
  const kept = (info: ValueInfo): boolean => needed.has(info.name);
  return {
    ...graph,
    nodes: nodes.reverse(),
    initializers: graph.initializers.filter((tensor) => needed.has(tensor.name)),
    inputs: graph.inputs.filter(kept),
  };
}
