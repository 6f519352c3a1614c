/** Small changes to a graph that every purpose-made graph is put together from. */
import { capturedBy, type Graph, type Node, type ValueInfo } from '../onnx/graph.ts';
import { rewireNode } from '../onnx/write.ts';

/** A graph whose lists may be changed without touching the one it came from. */
export function copyOf(graph: Graph): Graph {
  return {
    ...graph,
    nodes: [...graph.nodes],
    initializers: [...graph.initializers],
    inputs: [...graph.inputs],
    outputs: [...graph.outputs],
  };
}

/** Drops every node, weight and input that no output needs: ONNX Runtime runs and loads everything that is in a file. */
export function prune(graph: Graph): Graph {
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

const fusedAttention = /^(GroupQuery|MultiHead|Q)?Attention$/;

/**
 * Prunes, and keeps the caches of fused attention that still runs among the outputs, where they need not be fetched: a cache that is no
 * output is given the memory of the past that it was made from, and does not fit into it ("Shape mismatch attempting to re-use buffer").
 */
export function pruneKeepingCaches(graph: Graph, original: Graph): Graph {
  const pruned = prune(graph);
  const caches = new Set(pruned.nodes.flatMap((node) => (fusedAttention.test(node.op) ? node.outputs.slice(1) : [])));
  const already = new Set(pruned.outputs.map(({ name }) => name));
  const kept = original.outputs.filter(({ name }) => caches.has(name) && !already.has(name));
  return { ...pruned, outputs: [...pruned.outputs, ...kept] };
}

/**
 * Puts nodes between a tensor and all that reads it.
 * @param made the nodes, which read `tensor` and make `replacement`; they go right after the tensor's own node
 * @throws RangeError if a subgraph reads the tensor: its inside cannot be rewired
 */
export function interpose(graph: Graph, tensor: string, replacement: string, made: readonly Node[]): void {
  if (graph.nodes.some((node) => capturedBy(node).includes(tensor))) throw new RangeError(`a subgraph reads ${tensor}`);
  graph.nodes = graph.nodes.map((node) =>
    node.inputs.includes(tensor)
      ? rewireNode(
          node,
          node.inputs.map((name) => (name === tensor ? replacement : name)),
          node.outputs,
        )
      : node,
  );
  const maker = graph.nodes.findIndex((node) => node.outputs.includes(tensor));
  graph.nodes.splice(maker + 1, 0, ...made);
}
