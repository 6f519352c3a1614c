/** What a language model's graph wants to be fed, read from the graph itself. */
import { Tensor } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import { dataType, type OnnxModel, type ValueInfo } from '../onnx/graph.ts';

export type Feeds = Record<string, Tensor>;

/** Keys and values of the tokens before: one cache for one row, under the names of the graph's inputs. */
export interface Past {
  readonly length: number;
  readonly cache: Feeds;
}

export const noPast: Past = { length: 0, cache: {} };

interface CacheInput {
  readonly name: string;
  /** The output that carries it to the next step. */
  readonly output: string;
  readonly type: 'float32' | 'float16';
  /** Shape before the first token: the batch dimension is filled in, that of the past is 0. */
  readonly shape: readonly number[];
  readonly batchAxis: number;
}

/** Fixed numbers that a cache's shape is completed from where the graph leaves them open. */
export interface CacheSizes {
  readonly heads: number | null;
  readonly size: number | null;
}

const cacheName = /^past(_key_values)?[._]/;
const known = new Set(['input_ids', 'attention_mask', 'position_ids', 'token_type_ids', 'num_logits_to_keep']);

export class DecoderInputs {
  readonly #cache: readonly CacheInput[];
  readonly #plain: ReadonlyMap<string, ValueInfo>;

  /** @throws LabError `model-unsupported` naming the first input that the lab would not know how to fill */
  constructor(model: OnnxModel, sizes: CacheSizes = { heads: null, size: null }) {
    const constants = new Set(model.graph.initializers.map((tensor) => tensor.name));
    const inputs = model.graph.inputs.filter((input) => !constants.has(input.name));
    const outputs = model.graph.outputs.map((output) => output.name);
    this.#cache = inputs.filter((input) => cacheName.test(input.name)).map((input) => cacheInput(input, outputs, sizes));
    const plain = inputs.filter((input) => !cacheName.test(input.name));
    const unknown = plain.find((input) => !known.has(input.name));
    if (unknown !== undefined) {
      throw new LabError(
        'model-unsupported',
        `the graph wants an input "${unknown.name}", which is not one of ${[...known].join(', ')} and past_key_values`,
        'Export the model as a plain text-generation decoder with past, or as an encoder.',
      );
    }
    if (!plain.some((input) => input.name === 'input_ids'))
      throw new LabError('model-unsupported', 'the graph has no input called input_ids', 'Export the model as a text-generation decoder.');
    this.#plain = new Map(plain.map((input) => [input.name, input]));
  }

  get hasCache(): boolean {
    return this.#cache.length > 0;
  }

  /** Outputs that make up the cache. */
  get cacheOutputs(): readonly string[] {
    return this.#cache.map(({ output }) => output);
  }

  /**
   * Feeds for rows of tokens behind one past that they share, padded on the right with token 0, which causal attention never looks
   * back from.
   */
  rows(rows: readonly (readonly number[])[], past: Past = noPast): Feeds {
    const width = Math.max(...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * width);
    const positions = new BigInt64Array(rows.length * width);
    const mask = new BigInt64Array(rows.length * (past.length + width));
    rows.forEach((row, index) => {
      for (let at = 0; at < row.length; at++) ids[index * width + at] = BigInt(row[at]!);
      for (let at = 0; at < width; at++) positions[index * width + at] = BigInt(past.length + at);
      mask.fill(1n, index * (past.length + width), index * (past.length + width) + past.length + row.length);
    });
    const feeds: Feeds = past.length === 0 ? this.#emptyCache(rows.length) : this.#spread(past.cache, rows.length);
    this.#put(feeds, 'input_ids', ids, [rows.length, width]);
    this.#put(feeds, 'attention_mask', mask, [rows.length, past.length + width]);
    this.#put(feeds, 'position_ids', positions, [rows.length, width]);
    this.#put(feeds, 'token_type_ids', new BigInt64Array(ids.length), [rows.length, width]);
    // 0 stands for all of them in transformers' exports.
    this.#put(feeds, 'num_logits_to_keep', new BigInt64Array(1), []);
    return feeds;
  }

  /** The cache that a step returned, under the names that the next step wants it by. */
  nextPast(outputs: Readonly<Record<string, Tensor>>, length: number): Past {
    return { length, cache: Object.fromEntries(this.#cache.map(({ name, output }) => [name, outputs[output]!])) };
  }

  /** Bytes that the cache of one token takes. */
  get cacheBytesPerToken(): number {
    return this.#cache.reduce((sum, { type, shape }) => {
      const values = shape.reduce((product, side, axis) => product * (axis === shape.length - 2 ? 1 : side), 1);
      return sum + values * (type === 'float32' ? 4 : 2);
    }, 0);
  }

  #emptyCache(batch: number): Feeds {
    return Object.fromEntries(
      this.#cache.map(({ name, type, shape, batchAxis }) => {
        const dims = shape.map((side, axis) => (axis === batchAxis ? batch : side));
        return [name, type === 'float32' ? new Tensor(type, new Float32Array(0), dims) : new Tensor(type, new Uint16Array(0), dims)];
      }),
    );
  }

  /** The same past for each row. Copied here: ONNX Runtime's Expand takes longer. */
  #spread(cache: Feeds, rows: number): Feeds {
    if (rows === 1) return { ...cache };
    return Object.fromEntries(
      this.#cache.map(({ name, type, batchAxis }) => {
        const tensor = cache[name]!;
        const one = tensor.data as Float32Array;
        const outer = tensor.dims.slice(0, batchAxis).reduce((product, side) => product * side, 1);
        const inner = one.length / outer;
        const all = new (one.constructor as Float32ArrayConstructor)(one.length * rows);
        for (let block = 0; block < outer; block++) {
          const part = one.subarray(block * inner, (block + 1) * inner);
          for (let row = 0; row < rows; row++) all.set(part, (block * rows + row) * inner);
        }
        return [
          name,
          new Tensor(
            type as 'float32',
            all,
            tensor.dims.map((side, axis) => (axis === batchAxis ? rows : side)),
          ),
        ];
      }),
    );
  }

  #put(feeds: Feeds, name: string, values: BigInt64Array, shape: number[]): void {
    const input = this.#plain.get(name);
    if (input === undefined) return;
    feeds[name] =
      input.type === dataType.int32 ? new Tensor('int32', Int32Array.from(values, Number), shape) : new Tensor('int64', values, shape);
  }
}

/** [batch, heads, past, size] of keys or of values, or [2, batch, heads, past, size] of both. */
function cacheInput(input: ValueInfo, outputs: readonly string[], sizes: CacheSizes): CacheInput {
  const rank = input.shape?.length ?? 0;
  const [heads, , size] = input.shape?.slice(-3) ?? [];
  const output = [input.name.replace(/^past_key_values/, 'present'), input.name.replace(/^past/, 'present')].find((name) =>
    outputs.includes(name),
  );
  const [fixedHeads, fixedSize] = [typeof heads === 'number' ? heads : sizes.heads, typeof size === 'number' ? size : sizes.size];
  if (
    (rank !== 4 && rank !== 5) ||
    fixedHeads === null ||
    fixedSize === null ||
    output === undefined ||
    (input.type !== dataType.float && input.type !== dataType.float16)
  ) {
    throw new LabError(
      'model-unsupported',
      `the cache input "${input.name}" has no counterpart among the outputs, or not the shape [batch, heads, past, size]`,
      'Export the model again with past_key_values inputs and present outputs.',
    );
  }
  return {
    name: input.name,
    output,
    type: input.type === dataType.float ? 'float32' : 'float16',
    shape: rank === 4 ? [1, fixedHeads, 0, fixedSize] : [2, 1, fixedHeads, 0, fixedSize],
    batchAxis: rank - 4,
  };
}
