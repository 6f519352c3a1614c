import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../probes/numerics/random.ts';
import { openCheckpoint } from '../checkpoints/open.ts';
import { createSession } from '../device/session.ts';
import { Tokenizer } from '../tokenizer.ts';
import { decode, encode, greedyTokens, Llama2c } from './llama2c.ts';
import { hasStories260k, readStories260k, writeStories260k, type Stories260k } from './stories260k.ts';

describe.skipIf(!hasStories260k())('stories260K, as a checkpoint', () => {
  let folder: string;
  let stories: Stories260k;
  let session: InferenceSession;
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'candor-stories-'));
    stories = readStories260k();
    writeStories260k(folder);
    const { model, graphFile, weightFolder } = openCheckpoint(folder);
    session = await createSession(model, graphFile, { threads: 1, weightFolder });
    tokenizer = await Tokenizer.open(folder, null);
  });
  afterAll(async () => {
    await session.release();
    rmSync(folder, { recursive: true, force: true });
  });

  const { layers, keyValueHeads, size } = { layers: 5, keyValueHeads: 4, size: 8 };
  type Cache = Record<string, Tensor>;
  const emptyCache = (): Cache =>
    Object.fromEntries(
      Array.from({ length: layers }, (_, block) => ['key', 'value'].map((kind) => `past_key_values.${block}.${kind}`))
        .flat()
        .map((name) => [name, new Tensor('float32', new Float32Array(0), [1, keyValueHeads, 0, size])]),
    );
  /** @returns logits of every token given, and the cache behind them */
  const run = async (tokens: readonly number[], past: number, cache: Cache): Promise<{ logits: Float32Array; cache: Cache }> => {
    const ids = (values: ArrayLike<number>): Tensor =>
      new Tensor('int64', BigInt64Array.from(Array.from(values), BigInt), [1, values.length]);
    const outputs = await session.run({
      input_ids: ids(tokens),
      attention_mask: ids(new Array<number>(past + tokens.length).fill(1)),
      position_ids: ids(tokens.map((_, index) => past + index)),
      ...cache,
    });
    const next = Object.keys(cache).map((name) => [name, outputs[name.replace('past_key_values', 'present')]!] as const);
    return { logits: outputs['logits']!.data as Float32Array, cache: Object.fromEntries(next) };
  };

  test('is opened as a decoder of float32, with every file that its answers depend on', () => {
    const { task, architecture, dtype, files, generation, chatTemplate } = openCheckpoint(folder);
    expect([task, architecture, dtype, chatTemplate]).toEqual(['decoder', 'llama', 'float32', null]);
    expect(generation).toEqual({ bos_token_id: 1, eos_token_id: [1, 2] });
    expect(files.map((file) => path.basename(file))).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
      'generation_config.json',
    ]);
  });

  const texts = [
    'Once upon a time',
    'Once upon a time, there was a little girl named Lily. She loved to play outside in the park.',
    '"Hello!" said Tom. “It’s 5 o’clock — let’s go…”\n\nThe end.',
    '  two  spaces   and three ',
    'aaaaaaaa eeeeeeee ttttttttt hehehehe ssss',
    'Ünïcode, 雪 and 🙂 are bytes; €5 & <3 | ~50%',
    'the then there them they their theirs',
    '\ttab and\r\nlines',
  ];

  test('its tokenizer agrees with that of llama2.c, both ways', () => {
    for (const text of texts) {
      const tokens = encode(stories.pieces, text);
      expect(tokenizer.encode(text, true), text).toEqual(tokens);
      expect(tokenizer.decode(tokens), text).toBe(decode(stories.pieces, tokens));
      expect(decode(stories.pieces, tokens)).toBe(text);
    }
  });

  test('its tokenizer agrees on 2000 random texts, joined of pieces and letters', () => {
    const random = seededRandom(5);
    const parts = [...stories.pieces.slice(259).map(({ text }) => text), ...'etaoin hs the ', 'ß', '字'];
    for (let round = 0; round < 2000; round++) {
      const text = Array.from({ length: 1 + (round % 30) }, () => parts[Math.floor(random() * parts.length)]!).join('');
      expect(tokenizer.encode(text, true), text).toEqual(encode(stories.pieces, text));
    }
  });

  test('its logits are those of llama2.c, at every token of a story', async () => {
    const tokens = encode(stories.pieces, texts[1]!);
    const { logits } = await run(tokens, 0, emptyCache());
    const oracle = new Llama2c(stories.model);
    const { vocabulary } = stories.model;
    let worst = 0;
    tokens.forEach((token, at) => {
      const expected = oracle.forward(token);
      const largest = Math.max(...expected.map(Math.abs));
      expected.forEach((value, index) => {
        worst = Math.max(worst, Math.abs(value - logits[at * vocabulary + index]!) / largest);
      });
    });
    expect(worst).toBeLessThan(1e-5);
  });

  test('it tells the story that llama2.c tells, token for token, through its cache', async () => {
    const prompt = encode(stories.pieces, 'Once upon a time');
    const expected = greedyTokens(stories.model, prompt, 200);
    expect(expected.length).toBeGreaterThan(100);
    const { vocabulary } = stories.model;
    const told: number[] = [];
    let step = await run(prompt, 0, emptyCache());
    while (told.length < expected.length) {
      const last = step.logits.subarray(step.logits.length - vocabulary);
      told.push(last.indexOf(Math.max(...last)));
      step = await run(told.slice(-1), prompt.length + told.length - 1, step.cache);
    }
    expect(told).toEqual(expected);
    const story = tokenizer.decode([...prompt, ...told]);
    expect(story).toBe(decode(stories.pieces, [...prompt, ...expected]));
    expect(story).toMatch(/^Once upon a time, there was a little (girl|boy) named \w+\./);
  });
});
