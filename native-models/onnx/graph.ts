/** An ONNX graph as the lab sees it: names and edges decoded, everything else kept as the bytes it came in. */

/** TensorProto.DataType, those that the lab has to know. */
export const dataType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
  uint4: 21,
  int4: 22,
} as const;

/** Bits that one value takes in raw and external data, for types whose values have a fixed size. */
export const elementBits: ReadonlyMap<number, number> = new Map([
  [dataType.float, 32],
  [dataType.uint8, 8],
  [dataType.int8, 8],
  [dataType.uint16, 16],
  [dataType.int16, 16],
  [dataType.int32, 32],
  [dataType.int64, 64],
  [dataType.bool, 8],
  [dataType.float16, 16],
  [dataType.double, 64],
  [dataType.bfloat16, 16],
  [dataType.uint4, 4],
  [dataType.int4, 4],
]);

/** An attribute of a node. Each field is null where the attribute does not hold that kind of value. */
export interface Attribute {
  readonly name: string;
  readonly integer: bigint | null;
  /** Empty where the attribute holds none. */
  readonly integers: readonly bigint[];
  readonly float: number | null;
  readonly text: string | null;
  readonly tensor: Tensor | null;
  /** A subgraph, as `If`, `Loop` and `Scan` have them. */
  readonly graph: Graph | null;
}

export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly Attribute[];
  /** The NodeProto, byte for byte. */
  readonly raw: Uint8Array;
}

/** Where an initializer's values lie. */
export type TensorPlace =
  /** Small: the whole TensorProto is kept. */
  | { readonly kind: 'kept'; readonly message: Uint8Array }
  /** In the model file itself, at this offset. */
  | { readonly kind: 'inline'; readonly offset: number; readonly length: number }
  /** In another file; a length of null reaches to that file's end. */
  | { readonly kind: 'external'; readonly location: string; readonly offset: number; readonly length: number | null }
  /** Values made by the lab. */
  | { readonly kind: 'values'; readonly bytes: Uint8Array };

export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly place: TensorPlace;
}

export interface ValueInfo {
  readonly name: string;
  readonly type: number;
  /** A number, a symbolic name, or null where nothing is said; null as a whole where the rank is unknown. */
  readonly shape: readonly (number | string | null)[] | null;
  /** The ValueInfoProto, byte for byte; null for those that the lab made. */
  readonly raw: Uint8Array | null;
}

export interface Graph {
  readonly name: string;
  nodes: Node[];
  initializers: Tensor[];
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  /** Fields that the lab has no use for, byte for byte (quantization annotations, metadata). */
  readonly rest: readonly Uint8Array[];
}

export interface OnnxModel {
  readonly graph: Graph;
  /** Version of each operator set, by domain; the standard one is ''. */
  readonly opsets: ReadonlyMap<string, number>;
  /** All fields but the graph, byte for byte. */
  readonly rest: readonly Uint8Array[];
}

/** The attribute of that name, or undefined. */
export function attributeOf(node: Node, name: string): Attribute | undefined {
  return node.attributes.find((attribute) => attribute.name === name);
}

/** Names that a node's subgraphs take from the graph around them: they are inputs of the node in all but name. */
export function capturedBy(node: Node): string[] {
  return node.attributes.flatMap((attribute) => (attribute.graph === null ? [] : freeNames(attribute.graph)));
}

function freeNames(graph: Graph): string[] {
  const defined = new Set([...graph.initializers.map((tensor) => tensor.name), ...graph.inputs.map((input) => input.name)]);
  const free: string[] = [];
  for (const node of graph.nodes) {
    for (const name of [...node.inputs, ...capturedBy(node)]) if (name !== '' && !defined.has(name)) free.push(name);
    for (const name of node.outputs) defined.add(name);
  }
  for (const output of graph.outputs) if (!defined.has(output.name)) free.push(output.name);
  return free;
}
