/** Every kind of model that the lab knows, opened as a user opens it: none may fail the check of itself. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoderCases, unpackDecoder } from './checkpoints/fixtures/decoders.ts';
import { Budget } from './decoder/budget.ts';
import { DecoderInputs, noPast } from './decoder/inputs.ts';
import { logitLens } from './decoder/lens.ts';
import { greedy } from './decoder/sampling.ts';
import { Sessions } from './decoder/sessions.ts';
import { Decoder } from './decoder/step.ts';
import { createSession } from './device/session.ts';
import { lensGraph } from './graph/lens-graph.ts';
import { plainOptions, type KnownModel } from './model.ts';
import { openModel, readModel } from './open.ts';
import { sizesOf } from './sizes.ts';
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

describe('exports', () => {
  const exports = path.join(import.meta.dirname, 'exports/fixtures');
  const decoders = [
    'gpt2',
    'gpt2-fused',
    'llama',
    'genai',
    'gemma2',
    'neox',
    'opt',
    'lfm2',
    'merged',
    'merged-unmasked',
    'mixing-embedding',
    'mixing-values',
  ];
  test.each(decoders)('%s passes the check of itself, and the last row of its logit lens is what it says', async (name) => {
    const target = path.join(exports, name);
    const model = await openModel(target);
    const { selfCheck, layers, mixed } = model.description;
    expect(selfCheck!.passed).toBe(true);
    await model.close();
    if (mixed !== null) return;
    expect(layers).toBe(2);
    const opened = readModel(target);
    const sizes = sizesOf(opened);
    const inputs = new DecoderInputs(opened.model, { heads: sizes.cacheHeads, size: sizes.headSize });
    const sessions = new Sessions((graph) => createSession(graph, opened.graphFile, { threads: 1, weightFolder: opened.weightFolder }), 2);
    const tokens = [3, 14, 15, 9, 26, 5];
    const positions = tokens.map((_, position) => position);
    const lens = await sessions.get('lens', () => lensGraph(opened, 1));
    const cells = await logitLens(lens, inputs, tokens, positions, layers + 1, 1000, null);
    const decoder = new Decoder(opened, inputs, sessions, new Budget(), false);
    const { best } = await decoder.run({
      rows: [tokens],
      past: noPast,
      slots: positions.map((at) => [0, at]),
      targets: [],
      want: {},
      edits: null,
    });
    expect(cells).toHaveLength(layers + 1);
    expect(cells.at(-1)!.map((cell) => cell.top[0]!.token)).toEqual(Array.from(best, Number));
    await sessions.close();
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
