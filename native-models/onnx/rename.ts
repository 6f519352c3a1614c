/** Gives tensors of a graph other names, in the subgraphs that take them from outside too. */
import type { Graph, Node, ValueInfo } from './graph.ts';
import { MemorySource } from './source.ts';
import { fieldsOf, textOf, WireWriter, type WireField } from './wire.ts';
import { parseNode } from './write.ts';

type Names = ReadonlyMap<string, string>;

/** @param names new names by old ones; the new ones must be free */
export function renameTensors(graph: Graph, names: Names): Graph {
  if (names.size === 0) return graph;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameInNode(node, names)),
    initializers: graph.initializers.map((tensor) => renameTensor(tensor, names)),
    inputs: graph.inputs.map((info) => renameValueInfo(info, names)),
    outputs: graph.outputs.map((info) => renameValueInfo(info, names)),
  };
}

/** The same node under another name. Names of nodes mean nothing, but ONNX Runtime takes none twice. */
export function nameNode(node: Node, name: string): Node {
  const raw = withName(node.raw, 3, name);
  return { ...node, name, raw };
}

function renameInNode(node: Node, names: Names): Node {
  const concerned =
    [...node.inputs, ...node.outputs].some((name) => names.has(name)) || node.attributes.some((attribute) => attribute.graph !== null);
  return concerned ? parseNode(nodeBytes(node.raw, names)) : node;
}

function renameTensor<T extends Graph['initializers'][number]>(tensor: T, names: Names): T {
  const name = names.get(tensor.name);
  if (name === undefined) return tensor;
  const { place } = tensor;
  // A tensor that is kept whole has its name within it.
  return { ...tensor, name, place: place.kind === 'kept' ? { kind: 'kept', message: withName(place.message, 8, name) } : place };
}

function renameValueInfo(info: ValueInfo, names: Names): ValueInfo {
  const name = names.get(info.name);
  if (name === undefined) return info;
  return { ...info, name, raw: info.raw === null ? null : withName(info.raw, 1, name) };
}

/** A message with another name in it, all else byte for byte. @param number of the field that holds the name */
function withName(message: Uint8Array, number: number, name: string): Uint8Array {
  return rewritten(message, (field, _value, writer) => {
    if (field.number !== number) return false;
    writer.text(number, name);
    return true;
  });
}

/** NodeProto: input (1), output (2), attribute (5) { g (6) }. */
function nodeBytes(raw: Uint8Array, names: Names): Uint8Array {
  return rewritten(raw, (field, value, writer) => {
    if (field.number === 1 || field.number === 2) {
      const name = textIn(value);
      writer.text(field.number, names.get(name) ?? name);
      return true;
    }
    if (field.number !== 5) return false;
    writer.bytes(
      5,
      rewritten(value, (inner, graph, attribute) => {
        if (inner.number !== 6) return false;
        attribute.bytes(6, subgraphBytes(graph, names));
        return true;
      }),
    );
    return true;
  });
}

/** GraphProto: node (1), initializer (5), input (11), output (12). What a subgraph defines itself is none of the names around it. */
function subgraphBytes(raw: Uint8Array, names: Names): Uint8Array {
  const free = new Map(names);
  rewritten(raw, (field, value) => {
    if (field.number === 1) for (const name of namesIn(value, 2)) free.delete(name);
    if (field.number === 5) for (const name of namesIn(value, 8)) free.delete(name);
    if (field.number === 11) for (const name of namesIn(value, 1)) free.delete(name);
    return true;
  });
  return rewritten(raw, (field, value, writer) => {
    if (field.number === 1) writer.bytes(1, nodeBytes(value, free));
    else if (field.number === 12) {
      const [name] = namesIn(value, 1);
      writer.bytes(12, withName(value, 1, free.get(name ?? '') ?? name ?? ''));
    } else return false;
    return true;
  });
}

function namesIn(message: Uint8Array, number: number): string[] {
  const source = new MemorySource(message);
  return [...fieldsOf(source, 0, message.length)].filter((field) => field.number === number).map((field) => textOf(source, field));
}

/** @param replace writes what stands for a field and returns true, or returns false to have it kept */
function rewritten(message: Uint8Array, replace: (field: WireField, value: Uint8Array, writer: WireWriter) => boolean): Uint8Array {
  const source = new MemorySource(message);
  const writer = new WireWriter();
  for (const field of fieldsOf(source, 0, message.length)) {
    const value = message.subarray(field.offset, field.offset + field.length);
    if (!replace(field, value, writer)) writer.raw(message.subarray(field.start, field.offset + field.length));
  }
  return writer.finish();
}

function textIn(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
