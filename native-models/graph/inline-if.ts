/**
 * Takes one branch of the `If` nodes that a merged decoder consists of: as optimum writes them, `use_cache_branch` chooses between a branch
 * that continues a key-value cache and one that starts without any.
 */
import { LabError } from '../../probes/lab-error.ts';
import { capturedBy, dataType, type Graph, type Node, type Tensor } from '../onnx/graph.ts';
import { nameNode, renameTensors } from '../onnx/rename.ts';
import { makeNode } from '../onnx/write.ts';

const switchName = /^use_cache(_branch)?$/;

/** The input that chooses a branch; undefined where the graph is no merged decoder. */
export function branchSwitch(graph: Graph): string | undefined {
  const input = graph.inputs.find(({ name, type }) => switchName.test(name) && type === dataType.bool);
  if (input === undefined) return undefined;
  const conditions = conditionsFrom(graph, input.name);
  return graph.nodes.some((node) => node.op === 'If' && conditions.has(node.inputs[0]!)) ? input.name : undefined;
}

/**
 * @param value what the switch is fixed to
 * @returns the graph with the chosen branches in place of their `If` nodes, without the switch and the inputs that only the others read
 * @throws LabError `model-unsupported` if the switch is used for anything else
 */
export function inlineBranches(graph: Graph, input: string, value: boolean): Graph {
  const taken = new Set<string>([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const nodeNames = new Set(graph.nodes.map(({ name }) => name));
  const conditions = conditionsFrom(graph, input);
  const nodes: Node[] = [];
  const initializers: Tensor[] = [...graph.initializers];
  for (const [index, node] of graph.nodes.entries()) {
    const condition = node.op === 'If' ? conditions.get(node.inputs[0]!) : undefined;
    if (condition === undefined) {
      nodes.push(node);
      continue;
    }
    const branch = node.attributes.find(({ name }) => name === (condition === value ? 'then_branch' : 'else_branch'))?.graph;
    if (branch?.outputs.length !== node.outputs.length)
      throw new LabError('model-unreadable', `the If node ${node.name} lacks a branch, or outputs of one`, 'Export the model again.');
    const lifted = renameTensors(branch, namesOutside(branch, node, taken, `branch.${index}/`));
    const named = lifted.nodes.map((one) => (nodeNames.has(one.name) ? nameNode(one, `branch.${index}/${one.name}`) : one));
    for (const { name } of named) if (name !== '') nodeNames.add(name);
    nodes.push(...named, ...passedThrough(branch, lifted, node));
    initializers.push(...lifted.initializers);
    for (const tensor of lifted.initializers) taken.add(tensor.name);
    for (const made of lifted.nodes) for (const name of made.outputs) taken.add(name);
  }
  return withoutUnread({ ...graph, nodes, initializers }, input);
}

/** Tensors that say the same as the switch (true) or the opposite (false). */
function conditionsFrom(graph: Graph, input: string): Map<string, boolean> {
  const conditions = new Map([[input, true]]);
  for (const node of graph.nodes) {
    const same = conditions.get(node.inputs[0] ?? '');
    if (same !== undefined && /^(Not|Identity|Cast|Reshape|Squeeze|Unsqueeze|Flatten)$/.test(node.op))
      conditions.set(node.outputs[0]!, node.op === 'Not' ? !same : same);
  }
  return conditions;
}

/** Names of a branch's own tensors in the graph around it: its outputs get those of the node, the others none that is taken. */
function namesOutside(branch: Graph, node: Node, taken: ReadonlySet<string>, prefix: string): Map<string, string> {
  const own = [...branch.initializers.map(({ name }) => name), ...branch.nodes.flatMap((one) => one.outputs)].filter((name) => name !== '');
  const outputs = new Map(branch.outputs.map(({ name }, index) => [name, node.outputs[index]!]));
  const names = new Map<string, string>();
  for (const name of own) {
    const output = outputs.get(name);
    if (output !== undefined && output !== '') names.set(name, output);
    else if (taken.has(name)) names.set(name, `${prefix}${name}`);
  }
  return names;
}

/** A branch may pass on a tensor from outside, or one tensor twice: those outputs are copies. */
function passedThrough(branch: Graph, lifted: Graph, node: Node): Node[] {
  const made = new Set([...lifted.nodes.flatMap((one) => one.outputs), ...lifted.initializers.map(({ name }) => name)]);
  return branch.outputs.flatMap((_, index) => {
    const wanted = node.outputs[index]!;
    return wanted === '' || made.has(wanted) ? [] : [makeNode('Identity', [lifted.outputs[index]!.name], [wanted])];
  });
}

/** Drops the switch, what only led to it, and inputs that nothing reads any more. */
function withoutUnread(graph: Graph, input: string): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of [...node.inputs, ...capturedBy(node)]) needed.add(name);
      return true;
    })
    .reverse();
  if (needed.has(input))
    throw new LabError(
      'model-unsupported',
      `the graph reads ${input} for more than choosing a branch`,
      'Export the model without merging its decoders: a plain text-generation decoder with past.',
    );
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => needed.has(name)),
    inputs: graph.inputs.filter(({ name }) => needed.has(name)),
  };
}
