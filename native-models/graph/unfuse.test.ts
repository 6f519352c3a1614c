/** Graphs with their fused sums taken apart, against the same graphs as they are, both run by ONNX Runtime. */
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../probes/numerics/random.ts';
import { openExport } from '../exports/open.ts';
import { deviation, expectedOf, fixtures, runTensors, sessionOf } from '../exports/testing/fixtures.ts';
import { dataType, type Graph, type OnnxModel, type Tensor as Weight } from '../onnx/graph.ts';
import { encodeModel, makeNode, valueInfo, type AttributeValue } from '../onnx/write.ts';
import { biasedInside, isSkipNorm, sumInside } from './flow.ts';
import { unfuseSums } from './unfuse.ts';

const width = 8;
const random = seededRandom(7);
const values = (length: number): Float32Array => Float32Array.from({ length }, () => 4 * random() - 2);
const weight = (name: string): Weight => ({
  name,
  shape: [width],
  type: dataType.float,
  place: { kind: 'values', bytes: new Uint8Array(values(width).buffer) },
});
const input = (): Tensor => new Tensor('float32', values(3 * 2 * width), [3, 2, width]);

function graphOf(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>>,
): Graph {
  const named = outputs.filter((name) => name !== '');
  return {
    name: 'one node',
    nodes: [makeNode(op, inputs, outputs, attributes, 'com.microsoft')],
    initializers: ['gamma', 'beta', 'bias'].filter((name) => inputs.includes(name)).map(weight),
    inputs: [valueInfo('x', dataType.float, [3, 2, width]), valueInfo('skip', dataType.float, [3, 2, width])],
    outputs: named.map((name) => valueInfo(name, dataType.float)),
    rest: [],
  };
}

async function run(graph: Graph, opset: number, feeds: Record<string, Tensor>): Promise<Record<string, Float32Array>> {
  const opsets = new Map([
    ['', opset],
    ['com.microsoft', 1],
  ]);
  const session = await InferenceSession.create(encodeModel({ graph, opsets, rest: opsetFields(opsets) }, ''), { logSeverityLevel: 3 });
  const answer = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(answer).map(([name, { data }]) => [name, data as Float32Array]));
}

/** ModelProto: ir_version (1) and opset_import (8) { domain (1), version (2) }, written out by hand. */
function opsetFields(opsets: OnnxModel['opsets']): Uint8Array[] {
  const encoded = [...opsets].map(([domain, version]) => {
    const name = new TextEncoder().encode(domain);
    return Uint8Array.from([0x42, name.length + 4, 0x0a, name.length, ...name, 0x10, version]);
  });
  return [Uint8Array.from([0x08, 8]), ...encoded];
}

const layer = 'SkipLayerNormalization';
const simplified = 'SkipSimplifiedLayerNormalization';
const epsilon = { epsilon: { float: 0.01 } };

describe.each([11, 14, 17, 21])('in operator set %i', (opset) => {
  test.each([
    ['all that there is', layer, ['x', 'skip', 'gamma', 'beta', 'bias'], ['y', 'mean', 'deviation', 'sum'], epsilon],
    ['without bias', layer, ['x', 'skip', 'gamma', 'beta'], ['y', '', '', 'sum'], epsilon],
    ['without beta', layer, ['x', 'skip', 'gamma', '', 'bias'], ['y'], {}],
    ['with gamma alone, and no epsilon', layer, ['x', 'skip', 'gamma'], ['y'], {}],
    ['root mean square', simplified, ['x', 'skip', 'gamma'], ['y', '', '', 'sum'], epsilon],
    ['root mean square with a bias', simplified, ['x', 'skip', 'gamma', 'bias'], ['y'], {}],
  ] as const)('%s: the same numbers as the fused node', async (_what, op, inputs, outputs, attributes) => {
    const fused = graphOf(op, inputs, outputs, attributes);
    const [node] = fused.nodes;
    const apart = unfuseSums(fused, new Set([sumInside(node!)]));
    expect(apart.nodes.some(isSkipNorm)).toBe(false);
    // Mean and deviation are of no use behind either form; ONNX Runtime's fused node leaves them unset on the processor.
    const asked = fused.outputs.filter(({ name }) => name === 'y' || name === 'sum');
    const feeds = { x: input(), skip: input() };
    const expected = await run({ ...fused, outputs: asked }, opset, feeds);
    const actual = await run(
      { ...apart, outputs: [...asked, ...(outputs.includes('sum' as never) ? [] : [valueInfo('y::sum', 1)])] },
      opset,
      feeds,
    );
    for (const { name } of asked) expected[name]!.forEach((value, at) => expect(Math.abs(actual[name]![at]! - value)).toBeLessThan(2e-6));
    const bias = fused.initializers.find(({ name }) => name === 'bias')?.place;
    const biases = bias?.kind === 'values' ? new Float32Array(bias.bytes.buffer as ArrayBuffer) : new Float32Array(width);
    const [x, skip] = [feeds.x.data as Float32Array, feeds.skip.data as Float32Array];
    actual[sumInside(node!)]!.forEach((value, at) =>
      expect(Math.abs(value - (x[at]! + skip[at]! + biases[at % width]!))).toBeLessThan(2e-6),
    );
  });
});

test('the summand that the bias belongs to can be named, on either side', async () => {
  for (const side of [0, 1] as const) {
    const fused = graphOf(layer, ['x', 'skip', 'gamma', 'beta', 'bias'], ['y'], epsilon);
    const [node] = fused.nodes;
    const name = biasedInside(node!, side);
    const apart = unfuseSums(fused, new Set([name]));
    const feeds = { x: input(), skip: input() };
    const actual = await run({ ...apart, outputs: [valueInfo('y', 1), valueInfo(name, 1)] }, 17, feeds);
    const expected = await run(fused, 17, feeds);
    expected['y']!.forEach((value, at) => expect(Math.abs(actual['y']![at]! - value)).toBeLessThan(2e-6));
    const place = fused.initializers.find((one) => one.name === 'bias')!.place;
    const bias = new Float32Array((place.kind === 'values' ? place.bytes : new Uint8Array()).buffer as ArrayBuffer);
    const summand = (side === 0 ? feeds.x : feeds.skip).data as Float32Array;
    actual[name]!.forEach((value, at) => expect(value).toBeCloseTo(summand[at]! + bias[at % width]!, 5));
  }
});

test('nodes that nobody asks about stay fused, and names of other places are passed over', () => {
  const { graph } = openExport(path.join(fixtures, 'genai')).model;
  expect(unfuseSums(graph, new Set(['embedding', 'no such tensor']))).toBe(graph);
  const one = unfuseSums(graph, new Set(['layers.0.resid_mid']));
  expect(one.nodes.filter(isSkipNorm)).toHaveLength(graph.nodes.filter(isSkipNorm).length - 1);
  expect(one.nodes).toHaveLength(graph.nodes.length + 1);
});

test.each(['gpt2-fused', 'genai', 'bert-fused'])('%s answers the same, fused or taken apart', async (name) => {
  const opened = openExport(path.join(fixtures, name));
  const { feeds } = expectedOf(name);
  const fused = await runTensors(opened, feeds, [opened.output]);
  const apart = await runTensors(opened, feeds, [opened.output, ...opened.hooks.all.map(({ tensor }) => tensor)]);
  expect(deviation(apart[opened.output]!, fused[opened.output]!)).toBeLessThan(1e-6);
});

test('a change of the sum reaches the norm', async () => {
  const opened = openExport(path.join(fixtures, 'genai'));
  const { feeds } = expectedOf('genai');
  const { graph } = opened.model;
  const sum = 'layers.0.resid_mid';
  const without = unfuseSums(graph, new Set([sum]));
  const changed: Graph = {
    ...without,
    // The sum twice over: root mean square divides that out again, so that the norm is the same and only the stream doubles.
    nodes: without.nodes.flatMap((node) =>
      node.outputs.includes(sum) ? [makeNode('Add', node.inputs, ['once']), makeNode('Add', ['once', 'once'], [sum])] : [node],
    ),
    outputs: [valueInfo('layers.0.normed_mid', dataType.float), valueInfo(sum, dataType.float)],
  };
  const session = await sessionOf(opened, changed);
  const plain = await runTensors(opened, feeds, [sum, 'layers.0.normed_mid']);
  const empty = Object.fromEntries(
    graph.inputs
      .filter(({ name }) => name.startsWith('past'))
      .map(({ name }) => [name, new Tensor('float32', new Float32Array(0), [2, 1, 0, 16])]),
  );
  const wanted = Object.fromEntries(session.inputNames.map((name) => [name, { ...feeds, ...empty }[name]!]));
  const answer = await session.run(wanted);
  await session.release();
  const doubled = answer[sum]!.data as Float32Array;
  plain[sum]!.values.forEach((value, at) => expect(Math.abs(doubled[at]! - 2 * value)).toBeLessThan(2e-6));
  const normed = answer['layers.0.normed_mid']!.data as Float32Array;
  plain['layers.0.normed_mid']!.values.forEach((value, at) => expect(Math.abs(normed[at]! - value)).toBeLessThan(1e-4));
});
