/** An ONNX graph as the lab sees it: names and edges decoded, everything else kept as the bytes it came in. */

/** TensorProto.DataType, those that the lab has to know. */
export const dataType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, double: 11, bfloat16: 16 } as const;

export interface Attribute {
  readonly name: string;
  readonly integer: bigint | null;
  readonly integers: readonly bigint[];
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
