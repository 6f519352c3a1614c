/** Types and ranks against ONNX's own shape inference (`exports/fixtures/record/inferred.py`). */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fixtures } from '../exports/testing/fixtures.ts';
import { dataType, type Graph } from '../onnx/graph.ts';
import { readModelFile } from '../onnx/read.ts';
import { makeNode, valueInfo } from '../onnx/write.ts';
import { ranksOf } from './ranks.ts';
import { candidateTensors } from './tensors.ts';
import { elementTypes, floatTensors } from './types.ts';

type Inferred = Record<string, Record<string, [type: number, rank: number | null]>>;
const inferred = JSON.parse(readFileSync(path.join(fixtures, 'inferred.json'), 'utf8')) as Inferred;

describe.each(Object.entries(inferred))('%s', (name, tensors) => {
  const { graph } = readModelFile(path.join(fixtures, name));

  test('every type is what ONNX infers', () => {
    const types = elementTypes(graph);
    expect(Object.fromEntries(Object.keys(tensors).map((tensor) => [tensor, types.get(tensor)]))).toEqual(
      Object.fromEntries(Object.entries(tensors).map(([tensor, [type]]) => [tensor, type])),
    );
  });

  test('every rank is what ONNX infers, or left open', () => {
    const ranks = ranksOf(graph);
    const known = Object.entries(tensors).filter(([tensor, [, rank]]) => rank !== null && ranks.has(tensor));
    expect(known.filter(([tensor, [, rank]]) => ranks.get(tensor) !== rank)).toEqual([]);
    expect(known.length).toBeGreaterThan(0.8 * Object.keys(tensors).length);
  });

  test('those that can be picked are the floats that depend on an input', () => {
    const picked = candidateTensors(graph).map((one) => one.name);
    const floats: number[] = [dataType.float, dataType.float16];
    for (const one of picked) if (tensors[one] !== undefined) expect([one, floats.includes(tensors[one][0])]).toEqual([one, true]);
    expect(picked).toContain(graph.outputs[0]!.name);
    expect(picked.length).toBeGreaterThan(10);
  });
});

test('types of operators that the fixtures do not have', () => {
  const nodes = [
    makeNode('Shape', ['x'], ['shape']),
    makeNode('TopK', ['x', 'k'], ['best', 'places']),
    makeNode('QuantizeLinear', ['x', 'scale', 'zero'], ['q']),
    makeNode('QuantizeLinear', ['x', 'scale'], ['plain_q']),
    makeNode('DequantizeLinear', ['q', 'scale', 'zero'], ['d']),
    makeNode('GatherBlockQuantized', ['packed', 'ids', 'scale'], ['rows'], {}, 'com.microsoft'),
    makeNode('Constant', [], ['c'], { value_ints: [1, 2] }),
    makeNode('OneHot', ['ids', 'k', 'x'], ['hot']),
  ];
  const inputs = [
    valueInfo('x', dataType.float16, [2, 3]),
    valueInfo('ids', dataType.int64, [2]),
    valueInfo('k', dataType.int64, [1]),
    valueInfo('scale', dataType.float16, []),
    valueInfo('zero', dataType.int8, []),
    valueInfo('packed', dataType.uint4, [4, 8]),
  ];
  const graph: Graph = { name: '', nodes, initializers: [], inputs, outputs: [], rest: [] };
  const types = elementTypes(graph);
  const named = Object.fromEntries(Object.entries(dataType).map(([name, type]) => [type, name]));
  expect(Object.fromEntries(nodes.flatMap(({ outputs }) => outputs).map((name) => [name, named[types.get(name)!]]))).toEqual({
    shape: 'int64',
    best: 'float16',
    places: 'int64',
    q: 'int8',
    plain_q: 'uint8',
    d: 'float16',
    rows: 'float16',
    c: 'int64',
    hot: 'float16',
  });
  expect(floatTensors(graph).has('places')).toBe(false);
});
