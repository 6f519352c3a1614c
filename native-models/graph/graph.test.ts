import { existsSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { embeddedModel } from '../catalog.ts';
import { DecoderInputs } from '../decoder-inputs.ts';
import { readModelFile } from '../onnx/read.ts';
import { createSession } from '../session.ts';
import { findArticulation } from './articulation.ts';
import type { Step } from './flow.ts';
import { hiddenGraph, names, scoringGraph } from './instrument.ts';
import { findResidualStream } from './residual.ts';

const file = path.join(embeddedModel('liar')!.folder, 'onnx/model.onnx');
const realModels = path.join(import.meta.dirname, '../../../shared/models');

test('articulation agrees with brute force: without the tensor, no path is left', () => {
  const step = (output: string, ...inputs: string[]): Step => ({
    op: 'Add',
    inputs,
    outputs: [output],
    node: { op: 'Add', domain: '', name: '', inputs, outputs: [output], attributes: [], raw: new Uint8Array() },
  });
  // Two residual blocks, a dead end, and a bypass around the second block's inner part.
  const steps = [
    step('n1', 'x'),
    step('a1', 'n1'),
    step('h1', 'x', 'a1'),
    step('dead', 'h1'),
    step('n2', 'h1'),
    step('b', 'n2'),
    step('a2', 'n2', 'b'),
    step('h2', 'h1', 'a2'),
    step('logits', 'h2'),
  ];
  const reaches = (without: string): boolean => {
    const seen = new Set(without === 'x' ? [] : ['x']);
    for (const { inputs, outputs } of steps) if (inputs.some((name) => seen.has(name)) && outputs[0] !== without) seen.add(outputs[0]!);
    return seen.has('logits');
  };
  const all = ['x', ...steps.map(({ outputs }) => outputs[0]!)];
  expect(findArticulation(steps, 'x', 'logits').tensors).toEqual(all.filter((name) => name !== 'dead' && !reaches(name)));
});

test('the residual stream of an embedded model is found, under the names that its exporter gave', () => {
  const { points, headInput } = findResidualStream(readModelFile(file).graph, 'logits');
  expect(points.map(({ hook, tensor }) => [hook, tensor])).toEqual([
    ['blocks.0.hook_resid_pre', 'model.embed_tokens.output'],
    ...[0, 1, 2, 3].map((block) => [`blocks.${block}.hook_resid_post`, `model.layers.${block}.residual`]),
  ]);
  expect(headInput).not.toBe('logits');
});

test('what the cut graphs compute is what the whole graph computes', async () => {
  const model = readModelFile(file);
  const inputs = new DecoderInputs(model);
  const { points } = findResidualStream(model.graph, 'logits');
  // The original graph, with the same tensors made outputs by ONNX Runtime itself.
  const whole = await createSession(
    {
      ...model,
      graph: {
        ...model.graph,
        outputs: [...model.graph.outputs, ...points.map(({ tensor }) => ({ name: tensor, type: 1, shape: null, raw: null }))],
      },
    },
    file,
    { threads: 1 },
  );
  const rows = [
    [1, 20, 30, 40, 50],
    [1, 60, 70],
  ];
  const feeds = { ...inputs.rows(rows), ...inputs.emptyCache(2) };
  const full = await whole.run(feeds);
  const positions = [0, 4, 0, 1, 1, 2, 1, 0].map(BigInt);
  const places = new Tensor('int64', BigInt64Array.from(positions), [4, 2]);
  const hidden = await createSession(hiddenGraph(model, 'logits').model, file, { threads: 1 });
  const states = (await hidden.run(pick(hidden, { ...feeds, [names.positions]: places })))[names.hidden]!;
  const width = states.dims[1]!;
  points.forEach(({ tensor }, point) => {
    const expected = full[tensor]!.data as Float32Array;
    for (let place = 0; place < 4; place++) {
      const [row, position] = [Number(positions[2 * place]), Number(positions[2 * place + 1])];
      for (let at = 0; at < width; at++)
        expect(
          Math.abs((states.data as Float32Array)[(point * 4 + place) * width + at]! - expected[(row * 5 + position) * width + at]!),
        ).toBeLessThan(1e-4);
    }
  });
  const scoring = await createSession(scoringGraph(model, 'logits'), file, { threads: 1 });
  const targets = new Tensor('int64', BigInt64Array.from([0n, 7n, 1n, 9n, 3n, 11n]), [3, 2]);
  const logprobs = (await scoring.run(pick(scoring, { ...feeds, [names.positions]: places, [names.targets]: targets })))[names.logprobs]!
    .data as Float32Array;
  const logits = full['logits']!;
  const vocabulary = logits.dims[2]!;
  const expected = (
    [
      [0, 4, 7],
      [0, 1, 9],
      [1, 0, 11],
    ] as const
  ).map(([row, position, token]) => {
    const line = Array.from(
      (logits.data as Float32Array).subarray((row * 5 + position) * vocabulary, (row * 5 + position + 1) * vocabulary),
    );
    const largest = Math.max(...line);
    return line[token]! - largest - Math.log(line.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  });
  expected.forEach((value, at) => expect(Math.abs(logprobs[at]! - value)).toBeLessThan(1e-4));
  for (const session of [whole, hidden, scoring]) await session.release();
});

function pick(session: InferenceSession, feeds: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
}

if (!existsSync(realModels))
  process.stderr.write('SKIPPED: real exported models are not at hand (../shared/models): their residual streams are not tried\n');
describe.skipIf(!existsSync(realModels))('real exports, with fused operators', () => {
  test.each([
    ['tiny-random-gpt2-fp32/past.onnx', 5],
    ['tiny-random-llama-fp16/model.onnx', 2],
    ['tiny-qwen35-cuda/decoder.onnx', 2],
  ])('%s has %i blocks, and both cut graphs load', async (name, blocks) => {
    const target = path.join(realModels, name);
    const model = readModelFile(target);
    expect(findResidualStream(model.graph, 'logits').points).toHaveLength(blocks + 1);
    for (const cut of [scoringGraph(model, 'logits'), hiddenGraph(model, 'logits').model])
      await (await createSession(cut, target, { threads: 1 })).release();
  });
});
