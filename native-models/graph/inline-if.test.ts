/** Graphs with `If`, run as they are with the switch fed, against the branch that was taken out of them. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type Graph, type Node, type Tensor as Weight } from '../onnx/graph.ts';
import { readModel } from '../onnx/read.ts';
import { MemorySource } from '../onnx/source.ts';
import { WireWriter } from '../onnx/wire.ts';
import { encodeModel, makeNode, parseNode, valueInfo } from '../onnx/write.ts';
import { branchSwitch, inlineBranches } from './inline-if.ts';
import { inOrder } from './order.ts';

const number = (name: string, value: number): Weight => ({
  name,
  shape: [1],
  type: dataType.float,
  place: { kind: 'values', bytes: new Uint8Array(Float32Array.of(value).buffer) },
});

function graphOf(nodes: Node[], outputs: string[], initializers: Weight[] = [], inputs: Graph['inputs'] = []): Graph {
  return { name: 'g', nodes, initializers, inputs, outputs: outputs.map((name) => valueInfo(name, dataType.float, [null])), rest: [] };
}

/** AttributeProto: name (1), g (6), type (20: GRAPH 5); the graph itself as the lab writes models. */
function ifNode(condition: string, outputs: string[], branches: { then: Graph; else: Graph }): Node {
  const attributes = (['then', 'else'] as const).map((name) => {
    const model = encodeModel({ graph: branches[name], opsets: new Map(), rest: [] }, '');
    // ModelProto.graph (7) is all that there is: its bytes follow the tag and the length.
    const graph = model.subarray(model.findIndex((byte, at) => at > 0 && byte < 128) + 1);
    return new WireWriter().text(1, `${name}_branch`).bytes(6, graph).integer(20, 5);
  });
  const writer = new WireWriter().text(1, condition);
  for (const name of outputs) writer.text(2, name);
  writer.text(3, `if ${outputs[0]}`).text(4, 'If');
  for (const attribute of attributes) writer.message(5, attribute);
  return parseNode(writer.finish());
}

const inputs = [
  valueInfo('x', dataType.float, [2]),
  valueInfo('only_then', dataType.float, [2]),
  valueInfo('only_else', dataType.float, [2]),
  valueInfo('use_cache_branch', dataType.bool, [1]),
];
/** Versions of the operator sets and of the format, as bytes of ModelProto. */
const header = [Uint8Array.of(0x08, 8), Uint8Array.of(0x42, 2, 0x10, 16)];

/** Two `If` nodes whose branches call their tensors and nodes alike, and read from outside. */
function merged(condition = 'use_cache_branch', before: Node[] = []): Graph {
  const branch = (factor: number, own: string): Graph =>
    graphOf(
      [makeNode('Mul', ['shared', 'c'], ['t']), makeNode('Add', ['t', own], ['u']), makeNode('Add', ['u', 'outside'], ['y'])],
      ['y', 'u'],
      [number('c', factor)],
    );
  return graphOf(
    [
      makeNode('Mul', ['x', 'outside'], ['shared']),
      ...before,
      ifNode(condition, ['first', 'between'], { then: branch(3, 'only_then'), else: branch(5, 'only_else') }),
      ifNode(condition, ['second', 'unused'], { then: branch(7, 'only_then'), else: branch(11, 'first') }),
      makeNode('Add', ['first', 'second'], ['z']),
    ],
    ['z', 'between'],
    [number('outside', 0.5)],
    inputs,
  );
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<number[][]> {
  const session = await InferenceSession.create(encodeModel({ graph, opsets: new Map(), rest: header }, ''), { logSeverityLevel: 3 });
  const answer = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])));
  await session.release();
  return graph.outputs.map(({ name }) => [...(answer[name]!.data as Float32Array)]);
}

const floats = (...values: number[]): Tensor => new Tensor('float32', Float32Array.from(values), [values.length]);
const feeds = { x: floats(1, 2), only_then: floats(10, 20), only_else: floats(100, 200) };

const conditions: [string, Graph][] = [
  ['the switch itself', merged()],
  ['the switch reshaped', merged('flat', [makeNode('Identity', ['use_cache_branch'], ['flat'])])],
  ['its opposite', merged('not', [makeNode('Not', ['use_cache_branch'], ['not'])])],
];
test.each(conditions)('the branch that %s leads to', async (_what, graph) => {
  expect(branchSwitch(graph)).toBe('use_cache_branch');
  for (const value of [true, false]) {
    const expected = await run(graph, { ...feeds, use_cache_branch: new Tensor('bool', Uint8Array.of(Number(value)), [1]) });
    const taken = inOrder(inlineBranches(graph, 'use_cache_branch', value));
    expect(taken.nodes.some(({ op }) => op === 'If')).toBe(false);
    expect(await run(taken, feeds)).toEqual(expected);
    const names = taken.inputs.map(({ name }) => name);
    expect(names).not.toContain('use_cache_branch');
    expect(names.filter((name) => name.startsWith('only_'))).toHaveLength(1);
  }
});

test('a graph that is written and read again is the same merged decoder', async () => {
  const bytes = encodeModel({ graph: merged(), opsets: new Map(), rest: header }, '');
  const { graph } = readModel(new MemorySource(bytes));
  expect(await run(inlineBranches(graph, 'use_cache_branch', true), feeds)).toEqual(
    await run(inlineBranches(merged(), 'use_cache_branch', true), feeds),
  );
});

test('an If that decides by something else is left alone', () => {
  const plain = merged('other');
  expect(branchSwitch({ ...plain, inputs: [...inputs, valueInfo('other', dataType.bool, [1])] })).toBeUndefined();
  expect(branchSwitch(graphOf([], [], [], inputs))).toBeUndefined();
});

test('a switch that is also used as a number is refused', () => {
  const graph = merged('use_cache_branch', [makeNode('Cast', ['use_cache_branch'], ['number'], { to: dataType.float })]);
  const used: Graph = {
    ...graph,
    nodes: [...graph.nodes, makeNode('Add', ['z', 'number'], ['sum'])],
    outputs: [...graph.outputs, valueInfo('sum', dataType.float)],
  };
  expect(() => inlineBranches(used, 'use_cache_branch', true)).toThrow(LabError);
});

test('what a branch passes on from outside is copied', async () => {
  // ONNX Runtime itself refuses such a branch.
  const branch = graphOf([makeNode('Add', ['x', 'x'], ['y'])], ['y', 'x', 'y']);
  const graph = graphOf(
    [ifNode('use_cache_branch', ['a', 'b', 'c'], { then: branch, else: branch })],
    ['a', 'b', 'c'],
    [],
    [inputs[0]!, inputs[3]!],
  );
  expect(await run(inlineBranches(graph, 'use_cache_branch', true), feeds)).toEqual([
    [2, 4],
    [1, 2],
    [2, 4],
  ]);
});

test('names that a nested If takes from the branch around it are renamed with it', async () => {
  // Both branches have their own `t` and `c`, so that those of the second get other names outside; the inner branches read them.
  const inner = (factor: string): Graph => graphOf([makeNode('Mul', ['t', factor], ['w'])], ['w']);
  const branch = (value: number): Graph =>
    graphOf(
      [makeNode('Add', ['x', 'c'], ['t']), ifNode('fixed', ['v'], { then: inner('c'), else: inner('x') })],
      ['v'],
      [number('c', value)],
    );
  const graph = graphOf(
    [
      makeNode('Greater', ['x', 'limit'], ['greater']),
      makeNode('Gather', ['greater', 'place'], ['fixed']),
      ifNode('use_cache_branch', ['y1'], { then: branch(7), else: branch(11) }),
      ifNode('use_cache_branch', ['y2'], { then: branch(13), else: branch(17) }),
      makeNode('Add', ['y1', 'y2'], ['z']),
    ],
    ['z'],
    [number('limit', 0), { name: 'place', shape: [], type: dataType.int64, place: { kind: 'values', bytes: new Uint8Array(8) } }],
    [inputs[0]!, inputs[3]!],
  );
  for (const value of [true, false]) {
    const expected = await run(graph, { ...feeds, use_cache_branch: new Tensor('bool', Uint8Array.of(Number(value)), [1]) });
    expect(await run(inlineBranches(graph, 'use_cache_branch', value), feeds)).toEqual(expected);
  }
});
