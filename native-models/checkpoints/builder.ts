/** Collects the nodes, constants and hooks of a new graph; the pieces in `pieces/` are written in terms of it. */
import type { CacheBreak, Hook, Hooks, HookShape, OpenedModel } from '../opened.ts';
import { dataType, type Node, type OnnxModel, type Tensor, type ValueInfo } from '../onnx/graph.ts';
import { makeNode, valueInfo, type AttributeValue } from '../onnx/write.ts';
import { WireWriter } from '../onnx/wire.ts';
import type { WeightSet } from './weights.ts';

/** What a family makes of a checkpoint. */
export interface BuiltGraph {
  readonly model: OnnxModel;
  readonly task: OpenedModel['task'];
  /** Name of the graph output that holds the logits, or the states after the last block of an encoder without a head. */
  readonly output: string;
  readonly hooks: Hooks;
  /** Null where the keys and values of a text can always be continued. */
  readonly cacheBreak: CacheBreak | null;
}

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Operator sets that the pieces are written for: 23 is the first with RotaryEmbedding and RMSNormalization. */
const opsets = new Map([
  ['', 23],
  ['com.microsoft', 1],
]);
/** ModelProto.ir_version of ONNX 1.18, which opset 23 came with. */
const irVersion = 11;

export class GraphBuilder {
  readonly weights: WeightSet;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Tensor>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #hooks: Hook[] = [];
  #cacheBreak: CacheBreak | null = null;

  constructor(weights: WeightSet) {
    this.weights = weights;
  }

  /** Adds a node with one output. @param name what the output is called; a number where nobody asks for it by name @returns its name */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    return this.#add('', op, inputs, attributes, [name])[0]!;
  }

  /** A node of ONNX Runtime's own operator set. */
  fused(op: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    return this.#add('com.microsoft', op, inputs, attributes, [name])[0]!;
  }

  /** Cuts the last axis into parts of these widths. */
  split(input: string, widths: readonly number[]): string[] {
    return this.#add(
      '',
      'Split',
      [input, this.integers(widths)],
      { axis: -1 },
      widths.map(() => undefined),
    );
  }

  /** An int64 constant of one axis, for shapes and indices. Equal constants are one. */
  integers(values: readonly number[]): string {
    return this.#constant(`[${values.join()}]`, dataType.int64, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** An int64 scalar. */
  integer(value: number): string {
    return this.#constant(`int64:${value}`, dataType.int64, [], BigInt64Array.of(BigInt(value)));
  }

  /** A float32 scalar. */
  float(value: number): string {
    return this.#constant(`float:${value}`, dataType.float, [], Float32Array.of(value));
  }

  /** A float32 constant of one axis; for a handful of values: the graph stays small whatever the size of the model. */
  floats(values: ArrayLike<number>): string {
    const array = Float32Array.from(values);
    return this.#constant(`floats:${array.join()}`, dataType.float, [array.length], array);
  }

  /** Gives a value other axes; 0 keeps the axis of the same number, -1 takes what is left. */
  reshape(input: string, shape: readonly number[], name?: string): string {
    return this.node('Reshape', [input, this.integers(shape)], {}, name);
  }

  /** Declares an input of the whole graph. @returns its name */
  input(name: string, type: number, shape: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares a value of this name an output of the whole graph. @returns its name */
  output(name: string, type: number, shape: readonly (number | string)[]): string {
    this.#outputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Makes a value a hook: call in the order of computation. @param tensor its name in the graph; that of the hook when absent */
  hook(name: string, shape: HookShape, block: number | null = null, tensor = name): string {
    this.#hooks.push({ name, block, tensor, shape });
    return tensor;
  }

  /** Says that the cache has to be thrown away at some length; of two such lengths the first holds, and all behind it. */
  breakCache(found: CacheBreak): void {
    const other = this.#cacheBreak;
    this.#cacheBreak = other === null ? found : { beyond: Math.min(found.beyond, other.beyond), always: true };
  }

  /**
   * The graph, with every weight accounted for.
   * @param output the graph output that holds logits or last states
   * @param headInput the value that the head is applied to
   */
  finish(task: BuiltGraph['task'], output: string, headInput: string): BuiltGraph {
    const { initializers, nodes } = this.weights.finish();
    const graph = {
      name: 'candor',
      nodes: [...nodes, ...this.#nodes],
      initializers: [...initializers, ...this.#constants.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
      rest: [],
    };
    const hooks = { all: this.#hooks, headInput, mixed: null };
    return { model: { graph, opsets, rest: modelFields() }, task, output, hooks, cacheBreak: this.#cacheBreak };
  }

  #add(domain: string, op: string, inputs: readonly string[], attributes: Attributes, names: readonly (string | undefined)[]): string[] {
    const outputs = names.map((name, index) => name ?? `${op}.${this.#nodes.length}${index === 0 ? '' : `.${index}`}`);
    this.#nodes.push(makeNode(op, inputs, outputs, attributes, domain));
    return outputs;
  }

  #constant(name: string, type: number, shape: readonly number[], values: BigInt64Array | Float32Array): string {
    if (!this.#constants.has(name)) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#constants.set(name, { name, type, shape, place: { kind: 'values', bytes } });
    }
    return name;
  }
}

/** ModelProto: ir_version (1), producer_name (2), opset_import (8) { domain (1), version (2) }. */
function modelFields(): Uint8Array[] {
  const fields = [new WireWriter().integer(1, irVersion).finish(), new WireWriter().text(2, 'candor').finish()];
  for (const [domain, version] of opsets) {
    fields.push(new WireWriter().message(8, new WireWriter().text(1, domain).integer(2, version)).finish());
  }
  return fields;
}
