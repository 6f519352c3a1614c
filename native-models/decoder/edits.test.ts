/** Edits against PyTorch forward hooks on Hugging Face's Llama (`fixtures/record.py`), and against what they must be by definition. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Edit, ScoreReply } from '../../probes/request.ts';
import type { Model } from '../model.ts';
import { openModel } from '../open.ts';
import { collect } from '../testing/collect.ts';
import { greedy } from './sampling.ts';

interface RecordedEdit {
  readonly hook: string;
  readonly kind: Edit['kind'];
  readonly positions: Edit['positions'];
  readonly vector?: readonly number[];
  readonly factor?: number;
}
interface Recorded {
  readonly text: string;
  readonly continuation: string;
  readonly prompt: readonly number[];
  readonly answer: readonly number[];
  readonly cases: readonly {
    readonly name: string;
    readonly edits: readonly RecordedEdit[];
    readonly logprobs: readonly number[];
    readonly greedy: readonly number[];
    readonly states: readonly (readonly number[])[];
    readonly lens: readonly (readonly [token: number, logprob: number])[];
  }[];
}
const recorded = JSON.parse(readFileSync(path.join(import.meta.dirname, 'fixtures/edits.json'), 'utf8')) as Recorded;
const editsOf = (edits: readonly RecordedEdit[]): Edit[] =>
  edits.map((edit) => ({ ...edit, ...(edit.vector === undefined ? {} : { vector: Float32Array.from(edit.vector) }) }) as Edit);

let liar: Model;
beforeAll(async () => {
  liar = await openModel('liar');
});
afterAll(() => liar.close());
const prompt = { text: recorded.text };

describe.each(recorded.cases)('$name', ({ edits: plain, logprobs, greedy: tokens, states, lens }) => {
  const edits = editsOf(plain);

  test('score', async () => {
    const [reply] = (await liar.answer([
      { kind: 'score', key: 'k', prompt, continuations: [recorded.continuation, 'Paris', 'Rome'], edits },
    ])) as ScoreReply[];
    expect(reply!.promptTokens).toEqual(recorded.prompt);
    const [scored] = reply!.continuations;
    expect(scored!.tokens).toEqual(recorded.answer);
    scored!.logprobs.forEach((value, index) => expect(value).toBeCloseTo(logprobs[index]!, 4));
  });

  test('generate', async () => {
    const reply = await liar.generate(
      { kind: 'generate', key: 'k', prompt, maxTokens: tokens.length, edits },
      { sampling: greedy, stop: [], alternatives: 0 },
      () => undefined,
    );
    expect(tokens.slice(0, reply.tokens.length)).toEqual(reply.tokens);
    expect(reply.tokens.length).toBeGreaterThan(2);
  });

  test('activations', async () => {
    const hooks = states.map((_, block) => `blocks.${block}.hook_resid_post`);
    const texts = [{ prompt, continuation: recorded.continuation, positions: [-1] }];
    const [rows] = await collect(liar, { texts, hooks, edits });
    expect(rows!.tokens).toEqual([...recorded.prompt, ...recorded.answer]);
    rows!.hooks.forEach(({ data }, block) =>
      states[block]!.forEach((value, at) => expect(Math.abs(data[at]! - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)))),
    );
  });

  test('logit lens', async () => {
    const reply = await liar.logitLens({ prompt, continuation: recorded.answer, positions: 'last', top: 1, edits });
    // The first row is the stream before the first block, which the recording leaves out.
    reply.cells.slice(1).forEach(([cell], block) => {
      const [token, logprob] = lens[block]!;
      expect(cell!.top[0]!.token).toBe(token);
      expect(cell!.top[0]!.logprob).toBeCloseTo(logprob, 4);
    });
  });
});

describe('by definition', () => {
  const text = { prompt: { text: 'Q: What is the capital of Japan?\nA:' }, positions: 'all' as const };
  const hook = 'blocks.1.hook_resid_post';
  const behind = ['blocks.1.hook_resid_post', 'blocks.3.hook_resid_post'];
  const vector = new Float32Array(128).map((_, index) => Math.sin(index * 1.7) * 2);

  test('a state that is replaced by itself changes nothing', async () => {
    const [before] = await collect(liar, { texts: [text], hooks: behind });
    const own = before!.hooks[0]!.data.subarray(3 * 128, 4 * 128);
    const [after] = await collect(liar, {
      texts: [text],
      hooks: behind,
      edits: [{ hook, kind: 'replace', positions: [3], vector: own.slice() }],
    });
    expect(after!.hooks).toEqual(before!.hooks);
  });

  test('adding and taking away again changes nothing but by rounding', async () => {
    const there: Edit = { hook, kind: 'add', positions: 'all', vector };
    const back: Edit = { ...there, vector: vector.map((value) => -value) };
    const [before] = await collect(liar, { texts: [text], hooks: behind });
    const [after] = await collect(liar, { texts: [text], hooks: behind, edits: [there, back] });
    after!.hooks[1]!.data.forEach((value, at) => expect(Math.abs(value - before!.hooks[1]!.data[at]!)).toBeLessThan(1e-5));
  });

  test('what is ablated has no share along any of the directions, however they lie to each other', async () => {
    const second = vector.map((value, index) => value + 0.1 * Math.cos(index));
    const edits: Edit[] = [vector, second].map((direction) => ({ hook, kind: 'ablate', positions: 'all', vector: direction }));
    const [after] = await collect(liar, { texts: [text], hooks: [hook], edits });
    const { data, shape } = after!.hooks[0]!;
    for (let row = 0; row < shape[0]!; row++)
      for (const direction of [vector, second]) {
        let share = 0;
        for (let at = 0; at < 128; at++) share += data[row * 128 + at]! * direction[at]!;
        expect(Math.abs(share)).toBeLessThan(1e-3);
      }
  });

  test('only positions that are named change, and only what comes behind them', async () => {
    const [before] = await collect(liar, { texts: [text], hooks: behind });
    const [after] = await collect(liar, { texts: [text], hooks: behind, edits: [{ hook, kind: 'add', positions: [4], vector }] });
    const same = (which: number, row: number): boolean =>
      before!.hooks[which]!.data.subarray(row * 128, (row + 1) * 128).every(
        (value, at) => value === after!.hooks[which]!.data[row * 128 + at],
      );
    const rows = before!.tokens.map((_, row) => row);
    expect(rows.filter((row) => !same(0, row))).toEqual([4]);
    expect(rows.filter((row) => !same(1, row))).toEqual(rows.slice(4));
  });

  test.each<[string, Edit, RegExp]>([
    ['a hook that is not there', { hook: 'blocks.9.hook_resid_post', kind: 'scale', factor: 0, positions: 'all' }, /no hook "blocks.9/],
    ['a pattern', { hook: 'blocks.0.attn.hook_pattern', kind: 'scale', factor: 0, positions: 'all' }, /can be edited/],
    ['a vector of another width', { hook, kind: 'add', positions: 'all', vector: new Float32Array(3) }, /3 values; the hook is 128 wide/],
    ['a vector with no numbers', { hook, kind: 'add', positions: 'all', vector: vector.map(() => NaN) }, /no numbers/],
    ['a factor that is none', { hook, kind: 'scale', positions: 'all', factor: NaN }, /no number/],
    ['a position outside', { hook, kind: 'add', positions: [99], vector }, /outside the \d+ tokens/],
  ])('%s is refused in words', async (_, edit, words) => {
    await expect(collect(liar, { texts: [text], hooks: [hook], edits: [edit] })).rejects.toThrow(words);
  });
});
