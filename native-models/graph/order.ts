/** Brings the nodes of a graph into an order in which each comes after those that it reads from, as ONNX asks of every file. */
import { LabError } from '../../probes/lab-error.ts';
import { capturedBy, type Graph, type Node } from '../onnx/graph.ts';

/**
 * Keeps the file's own order where that is one. Takes time in proportion to the edges.
 * @throws LabError `model-unreadable` if a tensor is made twice or by nobody, or if it depends on itself
 */
export function inOrder(graph: Graph): Graph {
  const given = namesGiven(graph);
  const maker = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (given.has(name) || maker.has(name)) throw broken(`the tensor ${name} is made more than once`);
      maker.set(name, node);
    }
  }
  const reads = (node: Node): string[] => [...node.inputs, ...capturedBy(node)].filter((name) => name !== '' && !given.has(name));
  for (const name of [...graph.nodes.flatMap(reads), ...graph.outputs.map((output) => output.name)])
    if (!given.has(name) && !maker.has(name)) throw broken(`the tensor ${name} is read, but nothing makes it`);

  const nodes: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  // Depth first with a list of its own: chains of nodes are longer than a call stack is deep.
  for (const start of graph.nodes) {
    const pending: Node[] = [start];
    while (pending.length > 0) {
      const node = pending.at(-1)!;
      const before = state.get(node) === undefined ? reads(node).map((name) => maker.get(name)!) : [];
      if (state.get(node) === undefined) state.set(node, 'open');
      const missing = before.filter((one) => state.get(one) !== 'done');
      const circular = missing.find((one) => state.get(one) === 'open');
      if (circular !== undefined) throw broken(`the tensor ${circular.outputs.find((name) => name !== '')} depends on itself`);
      pending.push(...missing.toReversed());
      if (missing.length > 0) continue;
      pending.pop();
      if (state.get(node) === 'done') continue;
      state.set(node, 'done');
      nodes.push(node);
    }
  }
  return { ...graph, nodes };
}

/** Inputs and initializers. An input may have an initializer of its own name as its default. */
function namesGiven(graph: Graph): Set<string> {
  const names = new Set<string>();
  for (const list of [graph.inputs, graph.initializers]) {
    const own = new Set<string>();
    for (const { name } of list) {
      if (name === '' || own.has(name)) throw broken(`two inputs or two weights are called "${name}"`);
      own.add(name);
      names.add(name);
    }
  }
  return names;
}

function broken(what: string): LabError {
  return new LabError('model-unreadable', `its graph is broken: ${what}`, 'No runtime can run this file: copy or export it again.');
}
