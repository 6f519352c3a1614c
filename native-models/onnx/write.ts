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

/** A number is an integer; floats are marked, for ONNX tells the two apart. */
export type AttributeValue = number | readonly number[] | string | { readonly float: number } | { readonly floats: readonly number[] };

/** A new node. @param domain `com.microsoft` for ONNX Runtime's own operators */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = '',
): Node {
  const writer = new WireWriter();
  for (const name of inputs) writer.text(1, name);
  for (const name of outputs) writer.text(2, name);
  writer.text(3, `candor/${outputs.find((name) => name !== '')}`).text(4, op);
  for (const [name, value] of Object.entries(attributes)) writer.message(5, encodeAttribute(name, value));
  if (domain !== '') writer.text(7, domain);
  return parseNode(writer.finish());
}

/** AttributeProto: name (1), f (2), i (3), s (4), floats (7), ints (8), type (20: FLOAT 1, INT 2, STRING 3, FLOATS 6, INTS 7). */
function encodeAttribute(name: string, value: AttributeValue): WireWriter {
  const attribute = new WireWriter().text(1, name);
  if (typeof value === 'number') return attribute.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return attribute.text(4, value).integer(20, 3);
  if ('float' in value) return attribute.float(2, value.float).integer(20, 1);
  if ('floats' in value) {
    for (const element of value.floats) attribute.float(7, element);
    return attribute.integer(20, 6);
  }
  for (const element of value) attribute.integer(8, element);
  return attribute.integer(20, 7);
}

/** The same node with other edges, and another name where it is put beside the first; all else is kept byte for byte. */
export function rewireNode(node: Node, inputs: readonly string[], outputs: readonly string[], name = node.name): Node {
  const writer = new WireWriter();
  for (const input of inputs) writer.text(1, input);
  for (const output of outputs) writer.text(2, output);
  writer.text(3, name);
  const source = new MemorySource(node.raw);
  for (const field of fieldsOf(source, 0, node.raw.length)) {
    if (field.number > 3) writer.raw(node.raw.subarray(field.start, field.offset + field.length));
  }
  return { ...node, name, inputs, outputs, raw: writer.finish() };
}

/** A node from the bytes of its NodeProto. */
export function parseNode(raw: Uint8Array): Node {
  return readNode(new MemorySource(raw), { number: 1, type: wireType.bytes, start: 0, offset: 0, length: raw.length });
}
