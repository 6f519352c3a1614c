/** Writes an ONNX graph back: nodes byte for byte, weights as pointers into the files that they lie in. */
import { type Graph, type Node, type OnnxModel, type Tensor, type ValueInfo } from './graph.ts';
import { readNode } from './read.ts';
import { MemorySource } from './source.ts';
import { fieldsOf, WireWriter, wireType } from './wire.ts';

/**
 * Encodes a model whose large inline weights become external data in `weightsFile`.
 * @param weightsFile name of the file that the graph was read from, relative to the folder that ONNX Runtime is given
 */
export function encodeModel(model: OnnxModel, weightsFile: string): Uint8Array {
  const writer = new WireWriter();
  for (const field of model.rest) writer.raw(field);
  writer.message(7, encodeGraph(model.graph, weightsFile));
  return writer.finish();
}

function encodeGraph(graph: Graph, weightsFile: string): WireWriter {
  const writer = new WireWriter();
  for (const node of graph.nodes) writer.bytes(1, node.raw);
  writer.text(2, graph.name);
  for (const tensor of graph.initializers) writer.message(5, encodeTensor(tensor, weightsFile));
  for (const input of graph.inputs) writer.message(11, encodeValueInfo(input));
  for (const output of graph.outputs) writer.message(12, encodeValueInfo(output));
  for (const field of graph.rest) writer.raw(field);
  return writer;
}

function encodeTensor(tensor: Tensor, weightsFile: string): WireWriter {
  const { place } = tensor;
  const writer = new WireWriter();
  if (place.kind === 'kept') return writer.raw(place.message);
  for (const size of tensor.shape) writer.integer(1, size);
  writer.integer(2, tensor.type).text(8, tensor.name);
  if (place.kind === 'values') return writer.bytes(9, place.bytes);
  const entries: [string, string][] = [
    ['location', place.kind === 'inline' ? weightsFile : place.location],
    ['offset', String(place.offset)],
  ];
  if (place.length !== null) entries.push(['length', String(place.length)]);
  for (const [key, value] of entries) writer.message(13, new WireWriter().text(1, key).text(2, value));
  return writer.integer(14, 1);
}

function encodeValueInfo(info: ValueInfo): WireWriter {
  if (info.raw !== null) return new WireWriter().raw(info.raw);
  const tensorType = new WireWriter().integer(1, info.type);
  if (info.shape !== null) {
    const shape = new WireWriter();
    for (const size of info.shape) {
      const dimension = new WireWriter();
      if (typeof size === 'number') dimension.integer(1, size);
      if (typeof size === 'string') dimension.text(2, size);
      shape.message(1, dimension);
    }
    tensorType.message(2, shape);
  }
  return new WireWriter().text(1, info.name).message(2, new WireWriter().message(1, tensorType));
}

/** A new graph input or output. */
export function valueInfo(name: string, type: number, shape: ValueInfo['shape'] = null): ValueInfo {
  return { name, type, shape, raw: null };
}

/** A new node; attributes are integers or lists of integers. */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Node {
  const writer = new WireWriter();
  for (const name of inputs) writer.text(1, name);
  for (const name of outputs) writer.text(2, name);
  writer.text(3, `candor/${outputs[0]}`).text(4, op);
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = new WireWriter().text(1, name);
    if (typeof value === 'number') attribute.integer(3, value).integer(20, 2);
    else {
      for (const element of value) attribute.integer(8, element);
      attribute.integer(20, 7);
    }
    writer.message(5, attribute);
  }
  return parseNode(writer.finish());
}

/** The same node with other edges; all else is kept byte for byte. */
export function rewireNode(node: Node, inputs: readonly string[], outputs: readonly string[]): Node {
  const writer = new WireWriter();
  for (const name of inputs) writer.text(1, name);
  for (const name of outputs) writer.text(2, name);
  const source = new MemorySource(node.raw);
  for (const field of fieldsOf(source, 0, node.raw.length)) {
    if (field.number !== 1 && field.number !== 2) writer.raw(node.raw.subarray(field.start, field.offset + field.length));
  }
  return parseNode(writer.finish());
}

function parseNode(raw: Uint8Array): Node {
  return readNode(new MemorySource(raw), { number: 1, type: wireType.bytes, start: 0, offset: 0, length: raw.length });
}
