/** Every kind of model that the lab knows, opened as a user opens it: none may fail the check of itself. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoderCases, unpackDecoder } from './checkpoints/fixtures/decoders.ts';
import { greedy } from './decoder/sampling.ts';
import { plainOptions, type KnownModel } from './model.ts';
import { openModel } from './open.ts';
import { hasStories260k, writeStories260k } from './testing/stories260k.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-open-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('checkpoints', () => {
  test.each(decoderCases)('%s passes the check of itself', async (name) => {
    const target = path.join(folder, name);
    mkdirSync(target);
    unpackDecoder(name, target);
    const model = await openModel(target);
    const { selfCheck, layers, residual, mixed, noTokenizer, source } = model.description;
    expect({ source, mixed }).toEqual({ source: 'safetensors', mixed: null });
    expect(residual).toHaveLength(layers + 1);
    expect(selfCheck!.lines.map(({ name: line, passed }) => [line, passed])).toEqual(
      ['plain-graph', 'optimisation', 'zero-edit', 'edit-reaches', 'padding', 'cache'].map((line) => [line, true]),
    );
    expect(selfCheck).toMatchObject({ batches: true, pieces: true });
    // Not needed to look at the graph; texts are refused then.
    expect(noTokenizer).toMatch(/tokenizer\.json/);
    await expect(model.answer([{ kind: 'score', key: 'k', prompt: { text: 'x' }, continuations: ['y'] }])).rejects.toMatchObject({
      code: 'tokenizer-missing',
    });
    await model.close();
  });

  const encoders = path.join(import.meta.dirname, 'checkpoints/fixtures/encoders');
  test.each(readdirSync(encoders).filter((name) => !name.startsWith('vit')))('%s opens as an encoder', async (name) => {
    const target = path.join(folder, name);
    cpSync(path.join(encoders, name), target, { recursive: true });
    const model = await openModel(target);
    const { task, residual, layers } = model.description;
    expect(task).toBe('encoder');
    expect(residual).toHaveLength(layers + 1);
    await expect(
      model.generate(
        { kind: 'generate', key: 'k', prompt: { text: 'x' }, maxTokens: 1 },
        { sampling: greedy, stop: [], alternatives: 0 },
        () => undefined,
      ),
    ).rejects.toMatchObject({ code: 'usage' });
    await model.close();
  });
});

test.skipIf(!hasStories260k())(
  'stories260K, a trained model, goes the whole way: check, score, generate, look through the lens',
  async () => {
    const target = path.join(folder, 'stories');
    writeStories260k(target);
    const model = await openModel(target);
    expect(model.description).toMatchObject({
      architecture: 'llama',
      layers: 5,
      width: 64,
      heads: 8,
      vocabulary: 512,
      selfCheck: { passed: true },
    });
    const prompt = { text: 'Once upon a time' };
    const reply = await model.generate(
      { kind: 'generate', key: 'k', prompt, maxTokens: 40 },
      { sampling: greedy, stop: [' park'], alternatives: 0 },
      () => undefined,
    );
    expect(reply).toMatchObject({ ended: 'stop-string', text: ', there was a little girl named Lily. She loved to play outside in the' });
    const lens = await model.logitLens({ prompt, continuation: reply.tokens.slice(0, 3), positions: 'all', top: 1 });
    // What the last row holds most probable is what greedy generation said.
    const from = reply.promptTokens.length - 1;
    expect(
      lens.cells
        .at(-1)!
        .slice(from, from + 3)
        .map((cell) => cell.top[0]!.token),
    ).toEqual(reply.tokens.slice(0, 3));
    await model.close();
  },
);

test('what was found out about a model is taken over as long as its files look the same', async () => {
  const first = await openModel('liar');
  const { outside, files, selfCheck } = first.description;
  await first.close();
  const told: KnownModel = { outside, files: files.map((file) => ({ ...file, sha256: 'as told' })), selfCheck };
  const again = await openModel('liar', { ...plainOptions, known: told });
  expect(again.description.files[0]!.sha256).toBe('as told');
  await again.close();
  const changed = await openModel('liar', { ...plainOptions, known: { ...told, outside: 'otherwise' } });
  expect(changed.description.files).toEqual(files);
  await changed.close();
});
