import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSession } from '../device/session.ts';
import { dataType } from '../onnx/graph.ts';
import { encodeModel, valueInfo } from '../onnx/write.ts';
import type { BuiltGraph } from './builder.ts';
import { readCheckpoint } from './checkpoint.ts';
import { buildGraph } from './families/registry.ts';
import { decoderCases, expectedOf, unpackDecoder, type RecordedTensor } from './fixtures/decoders.ts';

/** float32 against float32: the order of additions is all that may differ. */
const tolerance = 1e-5;

/** Half a unit in the last place of every one of some ten roundings that transformers makes on the way, and the graph does not. */
const sixteenBits: Readonly<Record<string, number>> = { 'gpt2-float16': 10 * 2 ** -11, 'llama-bfloat16': 10 * 2 ** -8 };

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'candor-decoders-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Feeds = Record<string, Tensor>;

/** int64 rows padded to the longest with zeros, on the right or on the left, with their mask and positions. */
function batchOf(rows: readonly (readonly number[])[], side: 'left' | 'right'): Feeds {
  const width = Math.max(...rows.map((row) => row.length));
  const padded = (fill: (row: readonly number[]) => readonly number[]): Tensor => {
    const values = rows.flatMap((row) => {
      const padding = new Array<number>(width - row.length).fill(0);
      return side === 'left' ? [...padding, ...fill(row)] : [...fill(row), ...padding];
    });
    return new Tensor('int64', BigInt64Array.from(values, BigInt), [rows.length, width]);
  };
  return {
    input_ids: padded((row) => row),
    attention_mask: padded((row) => row.map(() => 1)),
    position_ids: padded((row) => row.map((_, at) => at)),
  };
}

function emptyCache({ model }: BuiltGraph, batch: number): Feeds {
  const caches = model.graph.inputs.filter(({ name }) => name.startsWith('past_key_values'));
  return Object.fromEntries(
    caches.map(({ name, shape }) => {
      const [, heads, , size] = shape as number[];
      return [name, new Tensor('float32', new Float32Array(0), [batch, heads!, 0, size!])];
    }),
  );
}

/** One row of a batch: of [batch, width, …], the positions from `from` on, `length` of them. */
function rowOf(tensor: Tensor, row: number, from: number, length: number): Float32Array {
  const [, width] = tensor.dims as [number, number];
  const step = tensor.size / tensor.dims[0]! / width;
  return (tensor.data as Float32Array).subarray((row * width + from) * step, (row * width + from + length) * step);
}

/** One row of an attention pattern [batch, head, query, key], without its padding. */
function patternOf(tensor: Tensor, row: number, length: number): Float32Array {
  const [, heads, queries, keys] = tensor.dims as [number, number, number, number];
  const out = new Float32Array(heads * length * length);
  for (let head = 0; head < heads; head++)
    for (let query = 0; query < length; query++)
      for (let key = 0; key < length; key++)
        out[(head * length + query) * length + key] = (tensor.data as Float32Array)[((row * heads + head) * queries + query) * keys + key]!;
  return out;
}

/** The largest difference, as a share of the largest value. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  let largest = 0;
  for (let index = 0; index < actual.length; index++) {
    difference = Math.max(difference, Math.abs(actual[index]! - expected[index]!));
    largest = Math.max(largest, Math.abs(expected[index]!));
  }
  return difference / largest;
}

/** Index of the largest logit at the last position of a batch of one. */
function mostLikely({ data, dims }: Tensor): number {
  const logits = (data as Float32Array).subarray(-dims[2]!);
  return logits.indexOf(Math.max(...logits));
}

describe.each(decoderCases)('%s', (name) => {
  let built: BuiltGraph;
  let recorded: ReadonlyMap<string, RecordedTensor>;
  let prompts: number[][];
  /** All hooks as outputs, and the graph as it is. */
  let hooked: InferenceSession;
  let plain: InferenceSession;

  beforeAll(async () => {
    const folder = path.join(root, name);
    mkdirSync(folder);
    unpackDecoder(name, folder);
    recorded = expectedOf(name, root);
    prompts = [0, 1].map((row) => Array.from(recorded.get(`row.${row}.tokens`)!.values, Number));
    const { config, tensors, weightFolder } = readCheckpoint(folder);
    built = buildGraph(config, tensors);
    const { model, hooks } = built;
    const tapped = [...new Set(hooks.all.map(({ tensor }) => tensor))].map((tensor) => valueInfo(tensor, dataType.float));
    const withHooks = { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...tapped] } };
    hooked = await createSession(withHooks, '', { threads: 1, weightFolder });
    plain = await createSession(model, '', { threads: 1, weightFolder });
  });
  afterAll(async () => {
    await hooked.release();
    await plain.release();
  });

  /** One layer of a recorded tensor whose first axis are layers. */
  const layer = (key: string, index: number): Float32Array => {
    const { shape, values } = recorded.get(key)!;
    const size = values.length / shape[0]!;
    return (values as Float32Array).subarray(index * size, (index + 1) * size);
  };

  test('computes what transformers computes, at every hook', async () => {
    const values = await hooked.run({ ...batchOf(prompts, 'right'), ...emptyCache(built, 2) });
    const seen = new Set<string>();
    for (const { name: hook, block, tensor, shape } of built.hooks.all) {
      prompts.forEach(({ length }, row) => {
        const at = `row.${row}.`;
        const value = shape === 'pattern' ? patternOf(values[tensor]!, row, length) : rowOf(values[tensor]!, row, 0, length);
        const check = (key: string, index: number): void => {
          if (!recorded.has(key)) return;
          seen.add(key);
          expect(relativeError(value, layer(key, index)), `${hook} of row ${row}`).toBeLessThan(tolerance);
        };
        if (hook.endsWith('hook_resid_pre')) check(`${at}stream`, block!);
        if (hook.endsWith('hook_resid_post')) check(`${at}stream`, block! + 1);
        if (hook.endsWith('hook_pattern')) check(`${at}pattern`, block!);
        if (hook.endsWith('hook_z')) check(`${at}z`, block!);
        if (hook.endsWith('hook_attn_out')) check(`${at}attention`, block!);
        if (hook.endsWith('hook_mlp_out')) check(`${at}feed_forward`, block!);
        if (hook === 'ln_final.hook_normalized') {
          seen.add(`${at}normed`);
          expect(relativeError(value, recorded.get(`${at}normed`)!.values as Float32Array)).toBeLessThan(tolerance);
        }
      });
    }
    prompts.forEach(({ length }, row) => {
      seen.add(`row.${row}.logits`);
      const logits = rowOf(values[built.output]!, row, 0, length);
      expect(relativeError(logits, recorded.get(`row.${row}.logits`)!.values as Float32Array)).toBeLessThan(tolerance);
    });
    const unseen = [...recorded.keys()].filter((key) => !seen.has(key) && !/(tokens|greedy|16)$/.test(key));
    expect(unseen).toEqual([]);
  });

  test('the sums of a block are sums of its hooks', async () => {
    const values = await hooked.run({ ...batchOf(prompts, 'right'), ...emptyCache(built, 2) });
    const tensorOf = new Map(built.hooks.all.map((hook) => [hook.name, hook.tensor]));
    const data = (hook: string): Float32Array => values[tensorOf.get(hook)!]!.data as Float32Array;
    const sum = (...hooks: string[]): Float32Array =>
      data(hooks[0]!).map((_, at) => hooks.reduce((total, hook) => total + data(hook)[at]!, 0));
    for (const { name: hook } of built.hooks.all.filter(({ name: each }) => each.endsWith('hook_resid_post'))) {
      const at = hook.slice(0, -'hook_resid_post'.length);
      expect(relativeError(data(hook), sum(`${at}hook_resid_pre`, `${at}hook_attn_out`, `${at}hook_mlp_out`))).toBeLessThan(tolerance);
      if (tensorOf.has(`${at}hook_resid_mid`))
        expect(relativeError(data(`${at}hook_resid_mid`), sum(`${at}hook_resid_pre`, `${at}hook_attn_out`))).toBeLessThan(tolerance);
    }
  });

  test('padding on the left changes nothing of what is no padding', async () => {
    const { logits } = await plain.run({ ...batchOf(prompts, 'left'), ...emptyCache(built, 2) });
    const width = logits!.dims[1]!;
    prompts.forEach(({ length }, row) => {
      const expected = recorded.get(`row.${row}.logits`)!.values as Float32Array;
      expect(relativeError(rowOf(logits!, row, width - length, length), expected)).toBeLessThan(tolerance);
    });
  });

  test.each([0, 1])('the 64 most likely tokens after prompt %i, with and without cache', async (row) => {
    const tokens = [...prompts[row]!];
    let cache = emptyCache(built, 1);
    let cached = 0;
    for (let step = 0; step < 64; step++) {
      const { cacheBreak } = built;
      if (cacheBreak !== null && tokens.length > cacheBreak.beyond && (cacheBreak.always || cached <= cacheBreak.beyond)) {
        cache = emptyCache(built, 1);
        cached = 0;
      }
      const whole = batchOf([tokens], 'right');
      const rest = ({ data }: Tensor): Tensor => new Tensor('int64', (data as BigInt64Array).slice(cached), [1, tokens.length - cached]);
      const feeds = { ...whole, input_ids: rest(whole['input_ids']!), position_ids: rest(whole['position_ids']!) };
      const continued = await plain.run({ ...feeds, ...cache });
      const anew = await plain.run({ ...whole, ...emptyCache(built, 1) });
      const last = ({ data, dims }: Tensor): Float32Array => (data as Float32Array).subarray(-dims[2]!);
      expect(relativeError(last(continued['logits']!), last(anew['logits']!)), `step ${step}`).toBeLessThan(tolerance);
      cache = Object.fromEntries(Object.keys(cache).map((key) => [key, continued[key.replace('past_key_values', 'present')]!]));
      cached = tokens.length;
      tokens.push(mostLikely(continued['logits']!));
    }
    expect(tokens.slice(prompts[row]!.length)).toEqual(Array.from(recorded.get(`row.${row}.greedy`)!.values, Number));
  });

  const rounding = sixteenBits[name];
  if (rounding !== undefined)
    test('agrees with transformers in 16 bits as far as 16 bits reach', async () => {
      const values = await hooked.run({ ...batchOf(prompts, 'right'), ...emptyCache(built, 2) });
      const streams = built.hooks.all.filter(({ name: hook }) => hook === 'blocks.0.hook_resid_pre' || hook.endsWith('hook_resid_post'));
      prompts.forEach(({ length }, row) => {
        const logits = recorded.get(`row.${row}.logits16`)!.values as Float32Array;
        expect(relativeError(rowOf(values['logits']!, row, 0, length), logits)).toBeLessThan(rounding);
        streams.forEach(({ tensor }, index) => {
          const expected = layer(`row.${row}.stream16`, index);
          expect(relativeError(rowOf(values[tensor]!, row, 0, length), expected)).toBeLessThan(rounding);
        });
      });
    });

  test('the graph is small, and points into the files for its weights', () => {
    expect(encodeModel(built.model, '').length).toBeLessThan(64 * 1024);
    for (const { place } of built.model.graph.initializers)
      expect(place.kind === 'external' || (place.kind === 'values' && place.bytes.length <= 64)).toBe(true);
    expect(built.hooks.headInput).toBe(built.hooks.all.findLast((hook) => hook.name.endsWith('hook_resid_post'))!.tensor);
    expect(built.hooks.mixed).toBeNull();
  });
});
