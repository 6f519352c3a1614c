/**
 * How much memory a model takes, told from its graph before anything is loaded. Measured with ONNX Runtime 1.30 on the processor:
 * weights of matrix products are copied into an order of their own, 16-bit ones as float32; tables that are only looked up stay
 * mapped from their file and can be dropped at any time, so that they need none.
 */
import { dataType, type OnnxModel, type Tensor } from '../onnx/graph.ts';
import type { ModelSizes } from '../sizes.ts';

/** Node, ONNX Runtime and the lab, without a model. */
export const bareEngine = 150e6;

export interface WeightNeeds {
  /** Bytes of one session that holds the whole graph. */
  readonly loaded: number;
  /** Bytes more while it is opened: the largest weight is there twice. */
  readonly opening: number;
}

const lookups = new Set(['Gather', 'GatherND', 'GatherElements', 'GatherBlockQuantized', 'EmbedLayerNormalization', 'Shape']);

const bytesOf: Readonly<Record<number, number>> = {
  [dataType.double]: 8,
  [dataType.int64]: 8,
  [dataType.uint8]: 1,
  [dataType.int8]: 1,
  [dataType.bool]: 1,
  [dataType.uint4]: 0.5,
  [dataType.int4]: 0.5,
};

/** Packed for the processor's integer instructions: 1.26 times its size was measured for 4 bits with 8-bit activations. */
const packing = 1.3;

export function weightNeeds({ graph }: OnnxModel): WeightNeeds {
  const users = new Map<string, string[]>();
  for (const { op, inputs } of graph.nodes)
    for (const name of inputs) {
      const known = users.get(name);
      if (known === undefined) users.set(name, [op]);
      else known.push(op);
    }
  const sizes = graph.initializers.map((tensor) => heldBytes(tensor, users.get(tensor.name) ?? []));
  return { loaded: sizes.reduce((sum, size) => sum + size, 0), opening: sizes.reduce((most, size) => Math.max(most, size), 0) };
}

function heldBytes({ shape, type }: Tensor, users: readonly string[]): number {
  if (users.every((op) => lookups.has(op))) return 0;
  const values = shape.reduce((product, side) => product * side, 1);
  // What is made float32 by the graph is made so once, when the session is opened.
  if (users.includes('DequantizeLinear')) return 4 * values;
  const size = bytesOf[type] ?? 4;
  return size <= 1 ? packing * size * values : size * values;
}

/** Values that the head makes at once (`decoder/budget.ts`). */
const headValues = 16 * 1024 * 1024;

/**
 * Bytes of the largest batch, as one row or as many short ones, all in float32: states of a block and of its feed-forward network (eight of the
 * width, three of four widths), scores and patterns of attention, logits and log-probabilities, keys and values in
 * ONNX Runtime's memory and in JavaScript's. What was freed but not yet collected can double it.
 */
export function batchNeeds(sizes: ModelSizes, tokens: number): number {
  const { width, heads, vocabulary, positions, layers } = sizes;
  const longest = Math.min(tokens, positions ?? tokens);
  const states = tokens * width * (8 + 3 * 4);
  const attention = 3 * (heads ?? 1) * tokens * longest;
  const head = 2 * Math.min(tokens * vocabulary, Math.max(headValues, vocabulary));
  const cache = 2 * 2 * (layers ?? 1) * tokens * (sizes.cacheHeads ?? 1) * (sizes.headSize ?? width);
  return 4 * (states + attention + head + cache);
}
