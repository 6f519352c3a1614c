/** Reads an ONNX file without its weights. Field numbers: onnx.proto3 of ONNX 1.19 (ModelProto, GraphProto, NodeProto, TensorProto …). */
import { LabError } from '../../probes/lab-error.ts';
import type { Attribute, Graph, Node, OnnxModel, Tensor, ValueInfo } from './graph.ts';
import { FileSource, MemorySource, type ByteSource } from './source.ts';
import { fieldsOf, floatOf, integerOf, integersOf, textOf, WireError, wireType, type WireField } from './wire.ts';

/** Values of up to this many bytes are kept: constants of shape arithmetic, which ONNX Runtime wants to see while it loads. */
const keptBytes = 1024;
/** Subgraphs within subgraphs: deeper than any real model, shallower than a stack. */
const deepest = 32;
/** ONNX Runtime's own operators stop at far fewer. */
const mostDimensions = 64;

/** @throws LabError `model-unreadable` if the file is truncated, damaged or no ONNX model, or may not be read */
export function readModelFile(path: string): OnnxModel {
  let source: FileSource | null = null;
  try {
    source = new FileSource(path);
    return readModel(source);
  } catch (thrown) {
    if (thrown instanceof WireError || thrown instanceof RangeError) {
      throw new LabError(
        'model-unreadable',
        `${path}: ${thrown.message}`,
        'The file is incomplete or no ONNX model: copy or export it again.',
        { cause: thrown },
      );
    }
    // A folder, or no permission: the system's own words.
    if (thrown instanceof Error && 'syscall' in thrown)
      throw new LabError('model-unreadable', `${path} cannot be read: ${thrown.message}`, 'Check the file and its permissions.', {
        cause: thrown,
      });
    throw thrown;
  } finally {
    source?.close();
  }
}

/** @throws WireError */
export function readModel(source: ByteSource): OnnxModel {
  let graph: Graph | null = null;
  const opsets = new Map<string, number>();
  const rest: Uint8Array[] = [];
  for (const field of fieldsOf(source, 0, source.size)) {
    if (field.number === 7 && field.type === wireType.bytes) {
      if (graph !== null) throw new WireError('it holds two graphs');
      graph = readGraph(source, field, 0);
      continue;
    }
    if (field.number === 8) readOpset(source, field, opsets);
    rest.push(copyField(source, field));
  }
  if (graph === null || graph.nodes.length === 0) throw new WireError('it holds no graph');
  return { graph, opsets, rest };
}

function readOpset(source: ByteSource, field: WireField, opsets: Map<string, number>): void {
  let domain = '';
  let version = 0;
  for (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    if (inner.number === 1) domain = textOf(source, inner);
    if (inner.number === 2) version = Number(integerOf(source, inner));
  }
  opsets.set(domain === 'ai.onnx' ? '' : domain, version);
}

function readGraph(source: ByteSource, field: WireField, depth: number): Graph {
  if (depth > deepest) throw new WireError('its subgraphs are nested too deeply');
  let name = '';
  const nodes: Node[] = [];
  const initializers: Tensor[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const rest: Uint8Array[] = [];
  for (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    switch (inner.number) {
      case 1:
        nodes.push(readNode(source, inner, depth));
        break;
      case 2:
        name = textOf(source, inner);
        break;
      case 5:
        initializers.push(readTensor(source, inner));
        break;
      case 11:
        inputs.push(readValueInfo(source, inner));
        break;
      case 12:
        outputs.push(readValueInfo(source, inner));
        break;
      case 13:
        // value_info: shapes of inner tensors. ONNX Runtime infers them; after surgery the old ones would be wrong.
        break;
      default:
        rest.push(copyField(source, inner));
    }
  }
  return { name, nodes, initializers, inputs, outputs, rest };
}

export function readNode(source: ByteSource, field: WireField, depth = 0): Node {
  const raw = source.bytes(field.offset, field.length).slice();
  const memory = new MemorySource(raw, field.offset);
  let op = '';
  let domain = '';
  let name = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Attribute[] = [];
  for (const inner of fieldsOf(memory, field.offset, field.offset + field.length)) {
    switch (inner.number) {
      case 1:
        inputs.push(textOf(memory, inner));
        break;
      case 2:
        outputs.push(textOf(memory, inner));
        break;
      case 3:
        name = textOf(memory, inner);
        break;
      case 4:
        op = textOf(memory, inner);
        break;
      case 5:
        attributes.push(readAttribute(memory, inner, depth));
        break;
      case 7:
        domain = textOf(memory, inner);
        break;
    }
  }
  return { op, domain: domain === 'ai.onnx' ? '' : domain, name, inputs, outputs, attributes, raw };
}

function readAttribute(source: ByteSource, field: WireField, depth: number): Attribute {
  let name = '';
  let integer: bigint | null = null;
  const integers: bigint[] = [];
  let float: number | null = null;
  let text: string | null = null;
  let tensor: Tensor | null = null;
  let graph: Graph | null = null;
  for (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    switch (inner.number) {
      case 1:
        name = textOf(source, inner);
        break;
      case 2:
        float = floatOf(source, inner);
        break;
      case 3:
        integer = integerOf(source, inner);
        break;
      case 4:
        text = textOf(source, inner);
        break;
      case 5:
        tensor = readTensor(source, inner);
        break;
      case 6:
        graph = readGraph(source, inner, depth + 1);
        break;
      case 8:
        for (const value of integersOf(source, inner)) integers.push(value);
        break;
    }
  }
  return { name, integer, integers, float, text, tensor, graph };
}

function readTensor(source: ByteSource, field: WireField): Tensor {
  const shape: number[] = [];
  let type = 0;
  let name = '';
  let raw: WireField | null = null;
  let external = false;
  const entries = new Map<string, string>();
  for (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    switch (inner.number) {
      case 1:
        for (const size of integersOf(source, inner)) shape.push(checkedSize(size, shape.length));
        break;
      case 2:
        type = Number(integerOf(source, inner));
        break;
      case 8:
        name = textOf(source, inner);
        break;
      case 9:
        raw = inner;
        break;
      case 13:
        readEntry(source, inner, entries);
        break;
      case 14:
        external = integerOf(source, inner) === 1n;
        break;
    }
  }
  if (external) {
    const length = entries.get('length');
    const place = {
      kind: 'external',
      location: entries.get('location') ?? '',
      offset: Number(entries.get('offset') ?? 0),
      length: length === undefined ? null : Number(length),
    } as const;
    return { name, shape, type, place };
  }
  if (raw !== null && raw.length > keptBytes)
    return { name, shape, type, place: { kind: 'inline', offset: raw.offset, length: raw.length } };
  return { name, shape, type, place: { kind: 'kept', message: source.bytes(field.offset, field.length).slice() } };
}

/** @throws WireError on a dimension that no tensor can have, or on more of them than any has */
function checkedSize(size: bigint, before: number): number {
  if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER) || before >= mostDimensions)
    throw new WireError(`a tensor has the impossible dimension ${size}, after ${before} others`);
  return Number(size);
}

function readEntry(source: ByteSource, field: WireField, entries: Map<string, string>): void {
  let key = '';
  let value = '';
  for (const inner of fieldsOf(source, field.offset, field.offset + field.length)) {
    if (inner.number === 1) key = textOf(source, inner);
    if (inner.number === 2) value = textOf(source, inner);
  }
  entries.set(key, value);
}

function readValueInfo(source: ByteSource, field: WireField): ValueInfo {
  const raw = source.bytes(field.offset, field.length).slice();
  const memory = new MemorySource(raw);
  let name = '';
  let type = 0;
  let shape: (number | string | null)[] | null = null;
  for (const inner of fieldsOf(memory, 0, raw.length)) {
    if (inner.number === 1) name = textOf(memory, inner);
    if (inner.number !== 2) continue;
    // TypeProto.tensor_type (1) { elem_type (1), shape (2) { dim (1) { dim_value (1) | dim_param (2) } } }
    for (const tensorType of fieldsOf(memory, inner.offset, inner.offset + inner.length)) {
      if (tensorType.number !== 1) continue;
      for (const part of fieldsOf(memory, tensorType.offset, tensorType.offset + tensorType.length)) {
        if (part.number === 1) type = Number(integerOf(memory, part));
        if (part.number === 2) shape = readShape(memory, part);
      }
    }
  }
  return { name, type, shape, raw };
}

function readShape(source: ByteSource, field: WireField): (number | string | null)[] {
  const shape: (number | string | null)[] = [];
  for (const dimension of fieldsOf(source, field.offset, field.offset + field.length)) {
    if (dimension.number !== 1) continue;
    let size: number | string | null = null;
    for (const inner of fieldsOf(source, dimension.offset, dimension.offset + dimension.length)) {
      if (inner.number === 1) size = Number(integerOf(source, inner));
      if (inner.number === 2) size = textOf(source, inner);
    }
    shape.push(size);
  }
  return shape;
}

function copyField(source: ByteSource, field: WireField): Uint8Array {
  return source.bytes(field.start, field.offset + field.length - field.start).slice();
}
