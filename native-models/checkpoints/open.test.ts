import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { createSession } from '../device/session.ts';
import { openCheckpoint } from './open.ts';
import { readSafetensors } from './safetensors.ts';
import { SafetensorsWriter } from './safetensors-writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-open-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A decoder of one block whose weights are all 1: enough to be opened. */
function tinyLlama(name: string): string {
  const target = path.join(folder, name);
  mkdirSync(target);
  const [width, inner, vocabulary] = [4, 6, 5];
  const config = {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: width,
    intermediate_size: inner,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    vocab_size: vocabulary,
    max_position_embeddings: 16,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
  };
  writeFileSync(path.join(target, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(target, 'tokenizer.json'), '{"model":{}}');
  writeFileSync(path.join(target, 'tokenizer_config.json'), '{}');
  const at = 'model.layers.0.';
  const shapes: Record<string, number[]> = {
    'model.embed_tokens.weight': [vocabulary, width],
    'model.norm.weight': [width],
    [`${at}input_layernorm.weight`]: [width],
    [`${at}post_attention_layernorm.weight`]: [width],
    [`${at}self_attn.q_proj.weight`]: [width, width],
    [`${at}self_attn.k_proj.weight`]: [width / 2, width],
    [`${at}self_attn.v_proj.weight`]: [width / 2, width],
    [`${at}self_attn.o_proj.weight`]: [width, width],
    [`${at}mlp.gate_proj.weight`]: [inner, width],
    [`${at}mlp.up_proj.weight`]: [inner, width],
    [`${at}mlp.down_proj.weight`]: [width, inner],
  };
  // Norms in float32 and matrices in float16, as some checkpoints are.
  const tensors = Object.entries(shapes).map(
    ([name, [rows, ...rowShape]]) => ({ name, dtype: rowShape.length === 0 ? 'F32' : 'F16', rowShape, rows: rows! }) as const,
  );
  const writer = new SafetensorsWriter(path.join(target, 'model.safetensors'), tensors);
  for (const { name, rows, rowShape } of tensors) writer.append(name, new Float32Array(rows * (rowShape[0] ?? 1)).fill(1));
  writer.finish();
  return target;
}

test('a decoder, with what a folder may hold beside the weights', () => {
  const target = tinyLlama('decoder');
  writeFileSync(path.join(target, 'generation_config.json'), '{"eos_token_id":[2,3]}');
  writeFileSync(path.join(target, 'chat_template.jinja'), '{{ messages }}');
  const { files, ...opened } = openCheckpoint(target);
  expect(opened).toMatchObject({
    source: 'safetensors',
    task: 'decoder',
    folder: target,
    architecture: 'llama',
    variant: null,
    dtype: 'float16',
    graphFile: '',
    output: 'logits',
    config: { hidden_size: 4 },
    generation: { eos_token_id: [2, 3] },
    chatTemplate: '{{ messages }}',
  });
  expect(files).toEqual(
    ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'chat_template.jinja'].map(
      (name) => path.join(target, name),
    ),
  );
});

describe('a decoder whose folder is damaged', () => {
  test.each<[string, (target: string) => void, string]>([
    ['half a generation_config', (target) => writeFileSync(path.join(target, 'generation_config.json'), '{'), 'model-unreadable'],
    ['no model_type', (target) => writeFileSync(path.join(target, 'config.json'), '{}'), 'model-unreadable'],
    ['no weights', (target) => unlinkSync(path.join(target, 'model.safetensors')), 'model-not-found'],
  ])('%s', (what, damage, code) => {
    const target = tinyLlama(what.replaceAll(' ', '-'));
    damage(target);
    expect(() => openCheckpoint(target)).toThrow(LabError);
    expect(() => openCheckpoint(target)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('weights in two parts behind the links of a hub cache are the weights of the one file', async () => {
  const source = path.join(import.meta.dirname, 'fixtures/encoders/bert');
  const snapshot = path.join(folder, 'cache/snapshots/0');
  const blobs = path.join(folder, 'cache/blobs');
  mkdirSync(snapshot, { recursive: true });
  mkdirSync(blobs);
  const whole = readFileSync(path.join(source, 'model.safetensors'));
  const tensors = [...readSafetensors(path.join(source, 'model.safetensors')).tensors.values()];
  const map: Record<string, string> = {};
  [tensors.slice(0, 20), tensors.slice(20)].forEach((part, index) => {
    const name = `model-0000${index + 1}-of-00002.safetensors`;
    const writer = new SafetensorsWriter(
      path.join(blobs, `blob${index}`),
      part.map(({ name, shape: [rows, ...rowShape] }) => ({ name, dtype: 'F32', rowShape, rows: rows! })),
    );
    for (const tensor of part) {
      map[tensor.name] = name;
      writer.append(tensor.name, new Float32Array(new Uint8Array(whole.subarray(tensor.offset, tensor.offset + tensor.length)).buffer));
    }
    writer.finish();
    symlinkSync(`../../blobs/blob${index}`, path.join(snapshot, name));
  });
  writeFileSync(path.join(snapshot, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  symlinkSync(path.join(source, 'config.json'), path.join(snapshot, 'config.json'));

  const statesOf = async (target: string): Promise<unknown> => {
    const { model, graphFile, weightFolder, output } = openCheckpoint(target);
    const session = await createSession(model, graphFile, { threads: 1, weightFolder });
    const row = (...values: bigint[]): Tensor => new Tensor('int64', BigInt64Array.from(values), [1, values.length]);
    const values = await session.run({ input_ids: row(5n, 6n, 7n), attention_mask: row(1n, 1n, 1n), token_type_ids: row(0n, 1n, 0n) });
    await session.release();
    return values[output]!.data;
  };
  expect(await statesOf(snapshot)).toEqual(await statesOf(source));
});
