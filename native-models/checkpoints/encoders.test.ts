import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { dataType } from '../onnx/graph.ts';
import { valueInfo } from '../onnx/write.ts';
import { residualPoints, type OpenedModel } from '../opened.ts';
import { createSession } from '../device/session.ts';
import { openCheckpoint } from './open.ts';
import { readSafetensors } from './safetensors.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures/encoders');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-encoders-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Recorded {
  readonly inputs: Record<string, Tensor>;
  readonly hooks: ReadonlyMap<string, Float32Array>;
  readonly output: Float32Array;
}

/** What transformers computed; see fixtures/record_encoders.py. */
function recorded(name: string): Recorded {
  const file = path.join(fixtures, name, 'expected.safetensors');
  const whole = readFileSync(file);
  const inputs: Record<string, Tensor> = {};
  const values = new Map<string, Float32Array>();
  for (const { name: tensor, dtype, shape, offset, length } of readSafetensors(file).tensors.values()) {
    const { buffer } = new Uint8Array(whole.subarray(offset, offset + length));
    if (dtype === 'I64') inputs[tensor.slice(3)] = new Tensor('int64', new BigInt64Array(buffer), shape);
    else if (tensor.startsWith('in.')) inputs[tensor.slice(3)] = new Tensor('float32', new Float32Array(buffer), shape);
    else values.set(tensor, new Float32Array(buffer));
  }
  const hooks = new Map([...values].filter(([key]) => key.startsWith('hook.')).map(([key, value]) => [key.slice(5), value]));
  return { inputs, hooks, output: values.get('output')! };
}

/** The recorded name of a hook that is the same value under another name. */
function recordedName(hook: string): string {
  if (hook === 'blocks.0.hook_resid_pre') return 'hook_full_embed';
  const before = /^blocks\.(\d+)\.hook_resid_pre$/.exec(hook);
  return before === null
    ? hook.replace('hook_normalized_resid_post', 'hook_resid_post')
    : `blocks.${Number(before[1]) - 1}.hook_resid_post`;
}

/** Every value of a model that has a name, and its output. */
async function run({ model, hooks, output, weightFolder }: OpenedModel, inputs: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const tensors = [...new Set(hooks.all.map(({ tensor }) => tensor))];
  const outputs = [...model.graph.outputs, ...tensors.map((tensor) => valueInfo(tensor, dataType.float))];
  const session = await createSession({ ...model, graph: { ...model.graph, outputs } }, '', { threads: 1, weightFolder });
  const values = await session.run(inputs);
  await session.release();
  return Object.fromEntries([output, ...tensors].map((name) => [name, values[name]!]));
}

/** The largest difference, as a share of the largest value. */
function relativeError(actual: Tensor, expected: Float32Array): number {
  const values = actual.data as Float32Array;
  expect(values.length).toBe(expected.length);
  let difference = 0;
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    difference = Math.max(difference, Math.abs(values[index]! - expected[index]!));
    largest = Math.max(largest, Math.abs(expected[index]!));
  }
  return difference / largest;
}

describe.each(readdirSync(fixtures))('%s', (name) => {
  test('computes what transformers computes, at every hook', async () => {
    const opened = openCheckpoint(path.join(fixtures, name));
    const { inputs, hooks, output } = recorded(name);
    const values = await run(opened, inputs);
    expect(relativeError(values[opened.output]!, output)).toBeLessThan(5e-6);
    for (const { name: hook, tensor } of opened.hooks.all) {
      const expected = hooks.get(recordedName(hook));
      expect(expected, hook).toBeDefined();
      expect(relativeError(values[tensor]!, expected!), hook).toBeLessThan(5e-6);
    }
    const made = new Set(opened.hooks.all.map((hook) => recordedName(hook.name)));
    expect([...hooks.keys()].filter((hook) => !made.has(hook))).toEqual([]);
  });

  test('has a residual stream of one point before the first block and one behind each', () => {
    const { hooks } = openCheckpoint(path.join(fixtures, name));
    expect(residualPoints(hooks).map((point) => point.name)).toEqual([
      'blocks.0.hook_resid_pre',
      'blocks.0.hook_resid_post',
      'blocks.1.hook_resid_post',
    ]);
    expect(hooks.mixed).toBeNull();
  });
});

test('tasks, types and outputs', () => {
  const open = (name: string): unknown => {
    const { source, task, architecture, dtype, output, graphFile, files, model } = openCheckpoint(path.join(fixtures, name));
    const shape = model.graph.outputs.find((info) => info.name === output)!.shape;
    expect({ source, graphFile }).toEqual({ source: 'safetensors', graphFile: '' });
    expect(files.map((file) => path.basename(file))).toEqual(['config.json', 'model.safetensors']);
    return [task, architecture, dtype, output, shape];
  };
  expect(open('bert')).toEqual(['encoder', 'bert', 'float32', 'last_hidden_state', ['batch', 'sequence', 16]]);
  expect(open('bert-masked-lm-bf16')).toEqual(['encoder', 'bert', 'bfloat16', 'logits', ['batch', 'sequence', 30]]);
  expect(open('roberta-classes')).toEqual(['encoder', 'roberta', 'float32', 'logits', ['batch', 3]]);
  expect(open('vit')).toEqual(['encoder', 'vit', 'float32', 'last_hidden_state', ['batch', 10, 16]]);
  expect(open('vit-classes')).toEqual(['image-classifier', 'vit', 'float32', 'logits', ['batch', 3]]);
});

test('padding changes nothing of what is no padding', async () => {
  const opened = openCheckpoint(path.join(fixtures, 'roberta-masked-lm'));
  const row = (ids: number[], real: number): Record<string, Tensor> => ({
    input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
    attention_mask: new Tensor(
      'int64',
      BigInt64Array.from(ids, (_, index) => (index < real ? 1n : 0n)),
      [1, ids.length],
    ),
  });
  const alone = (await run(opened, row([5, 6, 7], 3)))['logits']!.data as Float32Array;
  const padded = (await run(opened, row([5, 6, 7, 1, 1], 3)))['logits']!.data as Float32Array;
  alone.forEach((value, index) => expect(Math.abs(value - padded[index]!)).toBeLessThan(1e-5));
});

describe('a checkpoint that does not fit its config.json', () => {
  const errorOf = (name: string, change: Record<string, unknown>): string => {
    const target = mkdtempSync(path.join(folder, 'changed-'));
    cpSync(path.join(fixtures, name), target, { recursive: true });
    const file = path.join(target, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...config, ...change }));
    try {
      openCheckpoint(target);
      return 'opened';
    } catch (thrown) {
      return thrown instanceof LabError ? `${thrown.code}: ${thrown.message}` : `not foreseen: ${String(thrown)}`;
    }
  };

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['bert', { model_type: 'abacus' }, /^model-unsupported: .*"abacus"/],
    ['bert', { model_type: 7 }, /^model-unreadable: .*model_type/],
    ['bert', { hidden_size: 32 }, /^model-unreadable: .*word_embeddings.*\[30, 16\].*\[30, 32\]/],
    ['bert', { num_hidden_layers: 3 }, /^model-unreadable: .*no tensor bert\.encoder\.layer\.2/],
    ['bert', { num_hidden_layers: 1 }, /^model-unreadable: .*holds encoder\.layer\.1/],
    ['bert', { is_decoder: true }, /^model-unsupported: .*is_decoder/],
    ['bert', { position_embedding_type: 'relative_key' }, /^model-unsupported: .*position_embedding_type/],
    ['bert', { hidden_act: 'mystery' }, /^model-unsupported: .*hidden_act/],
    ['bert', { architectures: ['BertForMaskedLM'] }, /^model-unreadable: .*no tensor cls\.predictions/],
    ['bert-classes', { id2label: { 0: 'only' } }, /^model-unreadable: .*classifier\.weight.*\[3, 16\].*\[1, 16\]/],
    ['roberta', { vocab_size: -1 }, /^model-unreadable: .*vocab_size/],
    ['distilbert', { dim: '16' }, /^model-unreadable: .*dim/],
    ['vit-classes', { patch_size: 5 }, /^model-unreadable: .*projection\.weight/],
  ])('%s with %o', (name, change, expected) => {
    expect(errorOf(name, change)).toMatch(expected);
  });
});
