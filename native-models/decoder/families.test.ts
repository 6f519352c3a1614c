/** The decoder's own loops on checkpoints of every family: 64 tokens as transformers generates them, and scores that sharing does not change. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decoderCases, expectedOf, unpackDecoder } from '../checkpoints/fixtures/decoders.ts';
import { createSession } from '../device/session.ts';
import { readModel } from '../open.ts';
import { sizesOf } from '../sizes.ts';
import { Budget } from './budget.ts';
import { generateTokens } from './generate.ts';
import { DecoderInputs } from './inputs.ts';
import { greedy } from './sampling.ts';
import { Scorer } from './score.ts';
import { Sessions } from './sessions.ts';
import { Decoder } from './step.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-families-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(decoderCases)('%s', (name) => {
  let decoder: Decoder;
  let sessions: Sessions;
  let recorded: ReturnType<typeof expectedOf>;
  let vocabulary: number;
  const numbers = (key: string): number[] => Array.from(recorded.get(key)!.values, Number);
  beforeAll(() => {
    const target = path.join(folder, name);
    mkdirSync(target);
    unpackDecoder(name, target);
    recorded = expectedOf(name, target);
    const opened = readModel(target);
    const sizes = sizesOf(opened);
    vocabulary = sizes.vocabulary;
    const inputs = new DecoderInputs(opened.model, { heads: sizes.cacheHeads, size: sizes.headSize });
    sessions = new Sessions((graph) => createSession(graph, '', { threads: 1, weightFolder: opened.weightFolder }), 1);
    const budget = new Budget();
    // Prompts and continuations go through in several pieces.
    budget.piece = 7;
    decoder = new Decoder(opened, inputs, sessions, budget, false);
  });
  afterAll(() => sessions.close());

  test.each([0, 1])('64 greedy tokens after prompt %i', async (row) => {
    const job = {
      prompt: numbers(`row.${row}.tokens`),
      maxTokens: 64,
      stopTokens: new Set<number>(),
      sampling: greedy,
      alternatives: 0,
      edits: null,
    };
    const made: number[] = [];
    for await (const token of generateTokens(decoder, job)) made.push(token!.token);
    expect(made).toEqual(numbers(`row.${row}.greedy`));
  });

  test('scores with a shared prefix are those of each text alone', async () => {
    const prompt = numbers('row.0.tokens');
    const greedyTokens = numbers('row.0.greedy');
    const jobs = [1, 5, 20, 40].map((length) => ({ prompt, continuation: greedyTokens.slice(0, length), edits: null }));
    const shared = await new Scorer(decoder, vocabulary, true).score(jobs);
    for (const [index, job] of jobs.entries()) {
      const [alone] = await new Scorer(decoder, vocabulary, false).score([job]);
      shared[index]!.logprobs.forEach((value, at) => expect(Math.abs(value - alone!.logprobs[at]!)).toBeLessThan(1e-4));
      // Each is the most probable token, but that longer texts may be computed otherwise from their start on.
      if (name !== 'llama-dynamic' && !name.includes('longrope')) expect(shared[index]!.greedy).toBe(true);
    }
  });
});
