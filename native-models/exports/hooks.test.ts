/** The places that are found hold what PyTorch computed at the modules of that name. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { deviation, expectedOf, fixtures, runTensors } from './testing/fixtures.ts';
import { openExport } from './open.ts';

const pattern = /attn\.hook_pattern$/;
const embed = /^hook_embed$/;

interface Case {
  readonly name: string;
  readonly file?: string;
  /** Largest difference allowed, as a share of the largest value: rounding of the type, and of its quantisation. */
  readonly within: number;
  /** Hooks of the source that the graph hides inside fused operators. */
  readonly hidden?: readonly RegExp[];
  /** Whether the recording leaves out hooks that the graph has. */
  readonly partly?: boolean;
}

const exact = 2e-5;
const cases: readonly Case[] = [
  { name: 'gpt2', within: exact },
  { name: 'gpt2', file: 'onnx/model_fp16.onnx', within: 5e-3 },
  { name: 'gpt2', file: 'onnx/model_int8.onnx', within: 0.1 },
  { name: 'gpt2', file: 'onnx/model_qdq.onnx', within: 0.05 },
  { name: 'gpt2-fused', within: exact, hidden: [pattern, embed] },
  { name: 'llama', within: exact },
  { name: 'genai', within: exact, hidden: [pattern] },
  { name: 'genai', file: 'model_q4.onnx', within: exact, hidden: [pattern] },
  { name: 'merged', within: exact },
  { name: 'merged-unmasked', within: exact },
  { name: 'gemma2', within: exact },
  { name: 'opt', within: exact },
  { name: 'neox', within: exact },
  { name: 'lfm2', within: exact },
  { name: 'attention', within: exact },
  { name: 'bart', within: exact },
  { name: 'bert', within: exact },
  { name: 'bert-fused', within: exact, hidden: [pattern, embed] },
  { name: 'bert-fused', file: 'model_int8.onnx', within: 0.1, hidden: [pattern, embed] },
  { name: 'vit', within: exact },
  { name: 'convolutional', file: 'classifier.onnx', within: exact },
  { name: 'convolutional', file: 'classifier_qdq.onnx', within: 0.1, hidden: [/^layers\.5/] },
  { name: 'mixing-embedding', within: exact, partly: true },
  { name: 'mixing-values', within: exact, partly: true },
];

test.each(cases)('$name $file', async ({ name, file, within, hidden = [], partly = false }) => {
  const opened = openExport(path.join(fixtures, name, file ?? ''));
  const expected = expectedOf(name);
  const known = Object.keys(expected.hooks).filter((hook) => !hidden.some((one) => one.test(hook)));
  const found = opened.hooks.all.map((hook) => hook.name);
  expect(new Set(found).size).toBe(found.length);
  if (partly) expect(found).toEqual(expect.arrayContaining(known));
  else expect(found.toSorted()).toEqual(known.toSorted());
  const states = await runTensors(opened, expected.feeds, [...opened.hooks.all.map(({ tensor }) => tensor), opened.output]);
  const deviations = Object.fromEntries(
    opened.hooks.all
      .filter((hook) => expected.hooks[hook.name] !== undefined)
      .map((hook) => [hook.name, deviation(states[hook.tensor]!, expected.hooks[hook.name]!)]),
  );
  console.log(name, file, Math.max(...Object.values(deviations)), deviation(states[opened.output]!, expected.answer));
  expect(Object.entries(deviations).filter(([, value]) => !(value < within))).toEqual([]);
  expect(deviation(states[opened.output]!, expected.answer)).toBeLessThan(within);
  const ranks = { residual: 3, heads: 4, 'merged-heads': 3, pattern: 4, map: 4, features: 2 };
  for (const hook of opened.hooks.all) expect([hook.name, states[hook.tensor]!.dims.length]).toEqual([hook.name, ranks[hook.shape]]);
});
