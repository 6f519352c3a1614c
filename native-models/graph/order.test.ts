import { expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { seededRandom, shuffled } from '../../probes/numerics/random.ts';
import { dataType, type Graph, type Node } from '../onnx/graph.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { inOrder } from './order.ts';

function graphOf(nodes: Node[], outputs: string[] = []): Graph {
  return {
    name: '',
    nodes,
    initializers: [],
    inputs: [valueInfo('x', dataType.float)],
    outputs: outputs.map((name) => valueInfo(name, dataType.float)),
    rest: [],
  };
}

function refusal(graph: Graph): string {
  try {
    inOrder(graph);
    return 'taken';
  } catch (thrown) {
    return thrown instanceof LabError ? `${thrown.code}: ${thrown.message}` : String(thrown);
  }
}

test('an order that holds is kept', () => {
  const nodes = [makeNode('Relu', ['x'], ['b']), makeNode('Relu', ['x'], ['a']), makeNode('Add', ['a', 'b'], ['y'])];
  expect(inOrder(graphOf(nodes, ['y'])).nodes).toEqual(nodes);
});

test('nodes in any order are put behind what they read', () => {
  const random = seededRandom(5);
  const layers = Array.from({ length: 200 }, (_, index) =>
    makeNode('Add', [index === 0 ? 'x' : `t${index - 1}`, index < 2 ? 'x' : `t${index - 2}`], [`t${index}`]),
  );
  for (let round = 0; round < 20; round++) {
    const sorted = inOrder(graphOf(shuffled(layers, random), ['t199'])).nodes;
    const made = new Set(['x']);
    for (const node of sorted) {
      expect(node.inputs.every((name) => made.has(name))).toBe(true);
      for (const name of node.outputs) made.add(name);
    }
    expect(sorted).toHaveLength(layers.length);
  }
});

test('a chain longer than any call stack is put in order', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => makeNode('Relu', [index === 0 ? 'x' : `t${index - 1}`], [`t${index}`]));
  const sorted = inOrder(graphOf(chain.toReversed())).nodes;
  expect(sorted.map(({ outputs }) => outputs[0])).toEqual(chain.map(({ outputs }) => outputs[0]));
});

test('circles, tensors made twice and tensors made by nobody are refused', () => {
  const circle = [makeNode('Add', ['x', 'c'], ['a']), makeNode('Relu', ['a'], ['b']), makeNode('Relu', ['b'], ['c'])];
  expect(refusal(graphOf(circle))).toMatch(/^model-unreadable: .*depends on itself/);
  expect(refusal(graphOf([makeNode('Relu', ['a'], ['a'])]))).toMatch(/depends on itself/);
  expect(refusal(graphOf([makeNode('Relu', ['x'], ['a']), makeNode('Tanh', ['x'], ['a'])]))).toMatch(/a is made more than once/);
  expect(refusal(graphOf([makeNode('Relu', ['x'], ['x'])]))).toMatch(/x is made more than once/);
  expect(refusal(graphOf([makeNode('Relu', ['nothing'], ['a'])]))).toMatch(/nothing is read, but nothing makes it/);
  expect(refusal(graphOf([makeNode('Relu', ['x'], ['a'])], ['y']))).toMatch(/y is read, but nothing makes it/);
  const twice = { ...graphOf([makeNode('Relu', ['x'], ['a'])]), inputs: [valueInfo('x', 1), valueInfo('x', 1)] };
  expect(refusal(twice)).toMatch(/called "x"/);
});
