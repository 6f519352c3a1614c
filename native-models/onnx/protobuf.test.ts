/** The lab's own reader and writer against @bufbuild/protobuf, on every fixture and on real exports. */
import { equals, fromBinary } from '@bufbuild/protobuf';
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { embeddedModel } from '../catalog.ts';
import type { Attribute, Graph } from './graph.ts';
import { readModelFile } from './read.ts';
import {
  ModelSchema,
  NodeSchema,
  OpsetSchema,
  ValueInfoSchema,
  type AttributeMessage,
  type GraphMessage,
  type ModelMessage,
} from './testing/schema.ts';
import { encodeModel } from './write.ts';

const fixtures = path.join(import.meta.dirname, '../exports/fixtures');
const real = path.join(import.meta.dirname, '../../../shared/models');

if (!existsSync(real))
  process.stderr.write('SKIPPED: real exported models are not at hand (../shared/models): reading them is not compared\n');
const files = [
  path.join(embeddedModel('liar')!.folder, 'onnx/model.onnx'),
  ...globSync('**/*.onnx', { cwd: fixtures }).map((name) => path.join(fixtures, name)),
  ...(existsSync(real) ? globSync('*/*.onnx', { cwd: real }).map((name) => path.join(real, name)) : []),
].toSorted();

test('there are files to compare', () => {
  expect(files.length).toBeGreaterThan(20);
});

describe.each(files.map((file) => [path.relative(path.join(import.meta.dirname, '../..'), file), file]))('%s', (_name, file) => {
  const theirs = fromBinary(ModelSchema, readFileSync(file)) as ModelMessage;

  test('is read alike', () => {
    const model = readModelFile(file);
    compareGraphs(model.graph, theirs.graph);
    expect([...model.opsets]).toEqual(
      theirs.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]),
    );
  });

  test('is written back with the same nodes, inputs and outputs, and with weights that point to the same bytes', () => {
    const name = path.basename(file);
    const back = fromBinary(ModelSchema, encodeModel(readModelFile(file), name)) as ModelMessage;
    const [before, after] = [theirs.graph, back.graph];
    expect(after.node.length).toBe(before.node.length);
    before.node.forEach((node, at) => expect(equals(NodeSchema, node, after.node[at]!)).toBe(true));
    before.input.forEach((info, at) => expect(equals(ValueInfoSchema, info, after.input[at]!)).toBe(true));
    before.output.forEach((info, at) => expect(equals(ValueInfoSchema, info, after.output[at]!)).toBe(true));
    theirs.opsetImport.forEach((opset, at) => expect(equals(OpsetSchema, opset, back.opsetImport[at]!)).toBe(true));
    expect(after.initializer.map((one) => [one.name, one.dims, one.dataType])).toEqual(
      before.initializer.map((one) => [one.name, one.dims, one.dataType]),
    );
    before.initializer.forEach((tensor, at) => {
      const written = after.initializer[at]!;
      const bytes = Buffer.from(bytesOf(tensor, file));
      expect(bytes.equals(bytesOf(written, file))).toBe(true);
      expect(written.floatData).toEqual(tensor.floatData);
    });
  });
});

function compareGraphs(ours: Graph, theirs: GraphMessage): void {
  expect(ours.nodes.map(({ op, domain, inputs, outputs }) => [op, domain, inputs, outputs])).toEqual(
    theirs.node.map(({ opType, domain, input, output }) => [opType, domain === 'ai.onnx' ? '' : domain, input, output]),
  );
  ours.nodes.forEach((node, at) => {
    const attributes = theirs.node[at]!.attribute;
    expect(node.attributes.length).toBe(attributes.length);
    node.attributes.forEach((attribute, index) => compareAttributes(attribute, attributes[index]!));
  });
  expect(ours.initializers.map(({ name, type, shape }) => [name, type, shape])).toEqual(
    theirs.initializer.map(({ name, dataType, dims }) => [name, dataType, dims.map(Number)]),
  );
  for (const [mine, other] of [
    [ours.inputs, theirs.input],
    [ours.outputs, theirs.output],
  ] as const) {
    expect(mine.map(({ name, type, shape }) => [name, type, shape])).toEqual(
      other.map(({ name, type }) => [
        name,
        type?.tensorType?.elemType ?? 0,
        type?.tensorType?.shape?.dim.map((side) =>
          Object.hasOwn(side, 'dimValue') ? Number(side.dimValue) : Object.hasOwn(side, 'dimParam') ? side.dimParam : null,
        ) ?? null,
      ]),
    );
  }
}

function compareAttributes(ours: Attribute, theirs: AttributeMessage): void {
  expect(ours.name).toBe(theirs.name);
  expect(ours.integers).toEqual(theirs.ints);
  expect(ours.integer).toEqual(Object.hasOwn(theirs, 'i') ? theirs.i : null);
  expect(ours.float).toEqual(Object.hasOwn(theirs, 'f') ? theirs.f : null);
  expect(ours.text).toEqual(Object.hasOwn(theirs, 's') ? new TextDecoder().decode(theirs.s) : null);
  expect(ours.tensor === null ? null : [ours.tensor.type, ours.tensor.shape]).toEqual(
    theirs.t === undefined ? null : [theirs.t.dataType, theirs.t.dims.map(Number)],
  );
  expect(ours.graph === null).toBe(theirs.g === undefined);
  if (ours.graph !== null) compareGraphs(ours.graph, theirs.g!);
}

/** The bytes of a tensor, wherever the message says that they lie. */
function bytesOf(
  tensor: { readonly rawData: Uint8Array; readonly dataLocation: number; readonly externalData: readonly { key: string; value: string }[] },
  file: string,
): Uint8Array {
  if (tensor.dataLocation !== 1) return tensor.rawData;
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const data = readFileSync(path.join(path.dirname(file), entries.get('location')!));
  const offset = Number(entries.get('offset') ?? 0);
  return data.subarray(offset, offset + Number(entries.get('length') ?? data.length - offset));
}
