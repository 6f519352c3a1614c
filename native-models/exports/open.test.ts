import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { residualPoints } from '../opened.ts';
import { listVariants, openExport } from './open.ts';
import { deviation, expectedOf, fixtures, runTensors } from './testing/fixtures.ts';

const real = path.join(import.meta.dirname, '../../../shared/models');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-exports-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (...parts: string[]): string => path.join(fixtures, ...parts);

function refusal(work: () => unknown): LabError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof LabError) return thrown;
    throw thrown;
  }
  throw new Error('it was taken');
}

describe('layouts', () => {
  test('of the hub: several precisions in one folder, each a model of its own', () => {
    const gpt2 = fixture('gpt2');
    expect(listVariants(gpt2).map(({ name }) => name)).toEqual(['model', 'model_fp16', 'model_int8', 'model_qdq']);
    const opened = openExport(gpt2);
    expect([opened.variant, opened.task, opened.architecture, opened.output]).toEqual(['model', 'decoder', 'gpt2', 'logits']);
    expect(opened.files.map((file) => path.relative(gpt2, file))).toEqual(['config.json', path.join('onnx', 'model.onnx')]);
    const types = ['model', 'model_fp16', 'model_int8', 'model_qdq'].map((variant) => openExport(gpt2, variant).dtype);
    expect(types).toEqual(['float32', 'float16', 'int8', 'int8']);
  });

  test('a variant may be chosen by the path of its graph', () => {
    const byName = openExport(fixture('gpt2'), 'model_fp16');
    const byPath = openExport(fixture('gpt2', 'onnx', 'model_fp16.onnx'));
    expect({ ...byPath, model: null }).toEqual({ ...byName, model: null });
  });

  test('of onnxruntime-genai: no config.json, and names of its own for inputs and outputs', () => {
    const opened = openExport(fixture('genai'));
    expect(opened.config).toEqual({
      model_type: 'llama',
      vocab_size: 61,
      max_position_embeddings: 32,
      eos_token_id: [2, 1],
      hidden_size: 16,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
    });
    expect(opened.model.graph.inputs.map(({ name }) => name)).toEqual([
      'input_ids',
      'attention_mask',
      ...[0, 1].flatMap((layer) => [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`]),
    ]);
    expect(opened.model.graph.outputs.map(({ name }) => name)).toEqual([
      'logits',
      ...[0, 1].flatMap((layer) => [`present.${layer}.key`, `present.${layer}.value`]),
    ]);
    expect([opened.variant, openExport(fixture('genai'), 'model_q4').dtype]).toEqual(['model', 'int4']);
    // A file that says less: the width follows from heads and their size.
    expect(openExport(fixture('gpt2-fused')).config).toMatchObject({ hidden_size: 16, num_attention_heads: 2, num_hidden_layers: 2 });
  });

  test('weights in two files beside the graph', () => {
    const llama = fixture('llama');
    const opened = openExport(llama);
    expect(opened.files.map((file) => path.relative(llama, file))).toEqual([
      'config.json',
      'model.onnx',
      'model.onnx_data',
      'model.onnx_data1',
    ]);
    const [variant] = listVariants(llama);
    const bytes = ['model.onnx', 'model.onnx_data', 'model.onnx_data1'].map((name) => readFileSync(path.join(llama, name)).length);
    expect(variant!.bytes).toBe(bytes.reduce((sum, size) => sum + size, 0));
  });

  test('of hub caches: the folder holds links, each file lies elsewhere under another name', async () => {
    const cache = path.join(folder, 'cache');
    mkdirSync(path.join(cache, 'blobs'), { recursive: true });
    mkdirSync(path.join(cache, 'snapshots/1'), { recursive: true });
    for (const [index, name] of ['config.json', 'model.onnx', 'model.onnx_data', 'model.onnx_data1'].entries()) {
      copyFileSync(fixture('llama', name), path.join(cache, 'blobs', `${index}`));
      symlinkSync(path.join('../../blobs', `${index}`), path.join(cache, 'snapshots/1', name));
    }
    const opened = openExport(path.join(cache, 'snapshots/1'));
    expect(path.basename(opened.graphFile)).toBe('1');
    const { feeds, answer } = expectedOf('llama');
    expect(deviation((await runTensors(opened, feeds, ['logits']))['logits']!, answer)).toBeLessThan(2e-5);
  });

  test('a bare .onnx file, with nothing beside it', () => {
    const bare = path.join(folder, 'bare');
    mkdirSync(bare);
    const file = path.join(bare, 'something.onnx');
    copyFileSync(fixture('neox', 'model.onnx'), file);
    const opened = openExport(file);
    expect([opened.folder, opened.variant, opened.architecture, opened.task]).toEqual([file, null, 'unknown', 'decoder']);
    // Its table of embeddings says what no configuration does.
    expect(opened.config).toEqual({ hidden_size: 16, vocab_size: 61 });
    expect(openExport(bare).files).toEqual([file]);
    expect([openExport(bare).folder, openExport(bare).variant]).toEqual([bare, null]);
    expect(openExport(fixture('convolutional', 'classifier.onnx'))).toMatchObject({
      task: 'image-classifier',
      config: {},
      output: 'logits',
    });
  });

  test('the model that is taken where nobody chooses', () => {
    const many = path.join(folder, 'many');
    mkdirSync(path.join(many, 'onnx'), { recursive: true });
    for (const name of ['model_q4', 'decoder_model_merged', 'model_fp16', 'encoder_model', 'model_bnb4', 'other'])
      copyFileSync(fixture('gpt2', 'onnx', 'model.onnx'), path.join(many, 'onnx', `${name}.onnx`));
    expect(listVariants(many).map(({ name }) => name)).toEqual([
      'model_fp16',
      'model_q4',
      'model_bnb4',
      'decoder_model_merged',
      'encoder_model',
      'other',
    ]);
    expect(openExport(many).variant).toBe('model_fp16');
    expect(openExport(many, 'other').variant).toBe('other');
    const refused = refusal(() => openExport(many, 'model_int8'));
    expect([refused.code, refused.advice]).toEqual(['model-not-found', expect.stringContaining('model_q4')]);
  });

  test('several graphs whose names say nothing are not guessed at', () => {
    expect(refusal(() => openExport(fixture('convolutional')))).toMatchObject({
      code: 'model-not-found',
      advice: expect.stringMatching(/path/) as string,
    });
  });
});

describe('what a graph is for', () => {
  test.each([
    ['gpt2', 'decoder', 'logits'],
    ['bart', 'decoder', 'logits'],
    ['bert', 'encoder', 'logits'],
    ['bert-fused', 'encoder', 'last_hidden_state'],
    ['vit', 'image-classifier', 'logits'],
  ])('%s is a %s', (name, task, output) => {
    const opened = openExport(fixture(name));
    expect([opened.task, opened.output]).toEqual([task, output]);
  });

  test('without the class that it was exported from, the family says whether it reads in both directions', () => {
    const bert = path.join(folder, 'bert');
    cpSync(fixture('bert'), bert, { recursive: true });
    writeFileSync(path.join(bert, 'config.json'), '{"model_type": "bert"}');
    expect(openExport(bert).task).toBe('encoder');
    writeFileSync(path.join(bert, 'config.json'), '{"model_type": "bert", "is_decoder": true}');
    expect(openExport(bert).task).toBe('decoder');
  });
});

describe('where the stream is no cut', () => {
  test.each(['mixing-embedding', 'mixing-values'])('%s says so', (name) => {
    const { hooks } = openExport(fixture(name));
    expect(hooks.mixed).toMatch(/later layers also read states of earlier ones directly \(\S+ is made from \S+\)/);
    expect(residualPoints(hooks)).toHaveLength(4);
    expect(hooks.headInput).toBe(residualPoints(hooks).at(-1)!.tensor);
  });

  test.each(['gpt2', 'gpt2-fused', 'genai', 'gemma2', 'neox', 'bart', 'bert', 'vit'])('in %s it is', (name) => {
    const { hooks } = openExport(fixture(name));
    expect(hooks.mixed).toBeNull();
    expect(hooks.headInput).toBe(residualPoints(hooks).at(-1)!.tensor);
  });
});

describe('what cannot be opened', () => {
  test('nothing there, a folder without a graph, a file of another kind', () => {
    expect(refusal(() => openExport(path.join(folder, 'nowhere'))).code).toBe('model-not-found');
    expect(refusal(() => openExport(fixture('record'))).code).toBe('model-not-found');
    expect(refusal(() => openExport(fixture('gpt2', 'config.json'))).code).toBe('model-not-found');
    mkdirSync(path.join(folder, 'trap/model.onnx'), { recursive: true });
    expect(refusal(() => openExport(path.join(folder, 'trap'))).code).toBe('model-not-found');
  });

  test('a graph that is cut short, and a configuration that is none', () => {
    const broken = path.join(folder, 'broken');
    cpSync(fixture('llama'), broken, { recursive: true });
    writeFileSync(path.join(broken, 'config.json'), '[1, 2');
    expect(refusal(() => openExport(broken))).toMatchObject({
      code: 'model-unreadable',
      message: expect.stringContaining('config.json') as string,
    });
    writeFileSync(path.join(broken, 'config.json'), '{}');
    truncateSync(path.join(broken, 'model.onnx_data1'), 100);
    expect(refusal(() => openExport(broken)).code).toBe('model-data-missing');
    rmSync(path.join(broken, 'model.onnx_data1'));
    expect(refusal(() => openExport(broken)).code).toBe('model-data-missing');
    truncateSync(path.join(broken, 'model.onnx'), 3000);
    expect(refusal(() => openExport(broken)).code).toBe('model-unreadable');
    // It is listed all the same.
    expect(listVariants(broken)).toEqual([{ name: 'model', file: path.join(broken, 'model.onnx'), bytes: 3000 }]);
  });
});

if (!existsSync(real)) process.stderr.write('SKIPPED: real exported models are not at hand (../shared/models): they are not opened\n');
describe.skipIf(!existsSync(real))('real exports', () => {
  test.each([
    ['tiny-random-gpt2-fp32', 'gpt2', 'float32', 5],
    ['tiny-random-llama-fp16', 'llama', 'float16', 2],
    ['tiny-qwen35-cuda', 'qwen2', 'float16', 2],
  ])('%s: %s in %s with %i blocks', (name, architecture, dtype, blocks) => {
    const opened = openExport(path.join(real, name));
    expect([opened.task, opened.architecture, opened.dtype, opened.hooks.mixed]).toEqual(['decoder', architecture, dtype, null]);
    const points = residualPoints(opened.hooks);
    expect(points).toHaveLength(blocks + 1);
    expect(opened.hooks.headInput).toBe(points.at(-1)!.tensor);
    for (const kind of ['attn.hook_z', 'hook_attn_out', 'hook_resid_mid', 'hook_mlp_out'])
      expect(opened.hooks.all.filter((hook) => hook.name.endsWith(`.${kind}`))).toHaveLength(blocks);
    expect(opened.config).toMatchObject({ num_hidden_layers: blocks });
  });

  test.each([
    ['cifar10-resnet2b', 'float32', 6, '32'],
    ['mobilenetv2-int8', 'int8', 25, '472'],
  ])('%s in %s with %i places, and what the classifier reads', (name, dtype, layers, penultimate) => {
    const opened = openExport(path.join(real, name));
    expect([opened.task, opened.dtype]).toEqual(['image-classifier', dtype]);
    expect(opened.hooks.all.filter(({ name: hook }) => hook.startsWith('layers.'))).toHaveLength(layers);
    expect(opened.hooks.all.find(({ name: hook }) => hook === 'hook_penultimate')).toMatchObject({
      tensor: penultimate,
      shape: 'features',
    });
  });
});
