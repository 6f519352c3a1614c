/** What a decoder's graph wants to be fed, read from the graph itself. */
import { Tensor } from 'onnxruntime-node';
import { LabError } from '../probes/lab-error.ts';
import { dataType, type OnnxModel, type ValueInfo } from './onnx/graph.ts';

export type Feeds = Record<string, Tensor>;

interface CacheInput {
  readonly name: string;
  /** The output that carries it to the next step. */
  readonly output: string;
  readonly type: 'float32' | 'float16';
  readonly heads: number;
  readonly size: number;
}

const cacheName = /^past(_key_values)?[._]/;

export class DecoderInputs {
  readonly logits: string;
  readonly #cache: readonly CacheInput[];
  readonly #plain: ReadonlyMap<string, ValueInfo>;

  /** @throws LabError `model-unsupported` naming the first input that the lab would not know how to fill */
  constructor(model: OnnxModel) {
    const constants = new Set(model.graph.initializers.map((tensor) => tensor.name));
    const inputs = model.graph.inputs.filter((input) => !constants.has(input.name));
    const outputs = model.graph.outputs.map((output) => output.name);
    this.logits = outputs.find((name) => name === 'logits') ?? outputs[0]!;
    this.#cache = inputs.filter((input) => cacheName.test(input.name)).map((input) => cacheInput(input, outputs));
    const plain = inputs.filter((input) => !cacheName.test(input.name));
    const unknown = plain.find((input) => !['input_ids', 'attention_mask', 'position_ids'].includes(input.name));
    if (unknown !== undefined) {
      throw new LabError(
        'model-unsupported',
        `the graph wants an input "${unknown.name}", which is not one of input_ids, attention_mask, position_ids and past_key_values`,
        'Merged decoders and other kinds of model are not opened yet: export a plain text-generation decoder with past.',
      );
    }
    if (!plain.some((input) => input.name === 'input_ids'))
      throw new LabError('model-unsupported', 'the graph has no input called input_ids', 'Export the model as a text-generation decoder.');
    this.#plain = new Map(plain.map((input) => [input.name, input]));
  }

  get hasCache(): boolean {
    return this.#cache.length > 0;
  }

  /**
   * Feeds for rows of tokens, padded on the right with token 0, which causal attention never looks back from.
   * @param past length of the cache that precedes every row
   */
  rows(rows: readonly (readonly number[])[], past = 0): Feeds {
    const width = Math.max(...rows.map((row) => row.length));
    const ids = new BigInt64Array(rows.length * width);
    const positions = new BigInt64Array(rows.length * width);
    const mask = new BigInt64Array(rows.length * (past + width));
    rows.forEach((row, index) => {
      row.forEach((token, at) => (ids[index * width + at] = BigInt(token)));
      for (let at = 0; at < width; at++) positions[index * width + at] = BigInt(past + at);
      mask.fill(1n, index * (past + width), index * (past + width) + past + row.length);
    });
    const feeds: Feeds = {};
    this.#put(feeds, 'input_ids', ids, [rows.length, width]);
    this.#put(feeds, 'attention_mask', mask, [rows.length, past + width]);
    this.#put(feeds, 'position_ids', positions, [rows.length, width]);
    return feeds;
  }

  /** The cache before the first token: no positions at all. */
  emptyCache(batch: number): Feeds {
    return Object.fromEntries(
      this.#cache.map(({ name, type, heads, size }) => [
        name,
        type === 'float32'
          ? new Tensor(type, new Float32Array(0), [batch, heads, 0, size])
          : new Tensor(type, new Uint16Array(0), [batch, heads, 0, size]),
      ]),
    );
  }

  /** The cache that a step returned, under the names that the next step wants it by. */
  nextCache(outputs: Readonly<Record<string, Tensor>>): Feeds {
    return Object.fromEntries(this.#cache.map(({ name, output }) => [name, outputs[output]!]));
  }

  #put(feeds: Feeds, name: string, values: BigInt64Array, shape: number[]): void {
    const input = this.#plain.get(name);
    if (input === undefined) return;
    feeds[name] =
      input.type === dataType.int32 ? new Tensor('int32', Int32Array.from(values, Number), shape) : new Tensor('int64', values, shape);
  }
}

function cacheInput(input: ValueInfo, outputs: readonly string[]): CacheInput {
  const [, heads, , size] = input.shape ?? [];
  const output = [input.name.replace(/^past_key_values/, 'present'), input.name.replace(/^past/, 'present')].find((name) =>
    outputs.includes(name),
  );
  if (
    typeof heads !== 'number' ||
    typeof size !== 'number' ||
    output === undefined ||
    (input.type !== dataType.float && input.type !== dataType.float16)
  ) {
    throw new LabError(
      'model-unsupported',
      `the cache input "${input.name}" has no counterpart among the outputs, or not the shape [batch, heads, past, size]`,
      'Export the model again with past_key_values inputs and present outputs.',
    );
  }
  return { name: input.name, output, type: input.type === dataType.float ? 'float32' : 'float16', heads, size };
}
