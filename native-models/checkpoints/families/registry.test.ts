import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../../probes/lab-error.ts';
import { readCheckpoint, type Checkpoint } from '../checkpoint.ts';
import { unpackDecoder } from '../fixtures/decoders.ts';
import type { StoredTensor, StoredTensors } from '../weights.ts';
import { buildGraph, knownModelTypes } from './registry.ts';

const cases = ['gpt2', 'gpt_neox', 'llama', 'llama-sharded', 'gemma2', 'gemma3_text', 'gemma3', 'qwen2', 'phi3-longrope'] as const;
const checkpoints = new Map<string, Checkpoint>();
let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'candor-registry-'));
  for (const name of cases) {
    const folder = mkdtempSync(path.join(root, 'case-'));
    unpackDecoder(name, folder);
    checkpoints.set(name, readCheckpoint(folder));
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const of = (name: (typeof cases)[number]): Checkpoint => checkpoints.get(name)!;

/** The tensors under other names; one that is renamed to null is left out. */
function renamed(tensors: StoredTensors, rename: (name: string) => string | null): StoredTensors {
  const entries = [...tensors.values()].flatMap((tensor): [string, StoredTensor][] => {
    const name = rename(tensor.name);
    return name === null ? [] : [[name, { ...tensor, name }]];
  });
  return new Map(entries);
}

function having(tensors: StoredTensors, ...more: StoredTensor[]): StoredTensors {
  return new Map([...tensors, ...more.map((tensor): [string, StoredTensor] => [tensor.name, tensor])]);
}

function tensor(name: string, shape: readonly number[], dtype = 'F32'): StoredTensor {
  return { name, dtype, shape, location: 'model.safetensors', offset: 0, length: 0 };
}

function refusal(build: () => unknown): string {
  try {
    build();
  } catch (thrown) {
    if (thrown instanceof LabError) return `${thrown.code}: ${thrown.message}`;
    throw thrown;
  }
  return 'built';
}

describe('weights that do not fit the configuration', () => {
  const build = (tensors: StoredTensors): string => refusal(() => buildGraph(of('llama').config, tensors));

  test('one that is missing is named', () => {
    const tensors = renamed(of('llama').tensors, (name) => (name === 'model.layers.1.mlp.up_proj.weight' ? null : name));
    expect(build(tensors)).toBe('model-unreadable: the checkpoint has no tensor model.layers.1.mlp.up_proj.weight');
  });

  test('one of another shape is named, with both shapes', () => {
    const wrong = { ...of('llama').tensors.get('model.layers.0.self_attn.k_proj.weight')!, shape: [32, 24] };
    expect(build(having(of('llama').tensors, wrong))).toBe(
      'model-unreadable: the tensor model.layers.0.self_attn.k_proj.weight has the shape [32, 24] where config.json asks for [24, 32]',
    );
  });

  test('those that nothing asked for are named', () => {
    const more = ['a', 'b', 'c', 'd'].map((letter) => tensor(`model.layers.0.${letter}.weight`, [1]));
    expect(build(having(of('llama').tensors, more[0]!))).toContain('holds model.layers.0.a.weight, which');
    expect(build(having(of('llama').tensors, ...more))).toContain('model.layers.0.c.weight and 1 more tensors');
    expect(build(having(of('llama').tensors, tensor('model.layers.2.mlp.up_proj.weight', [48, 32])))).toContain('model.layers.2');
  });

  test('quantized ones are no weights', () => {
    const quantized = { ...of('llama').tensors.get('lm_head.weight')!, dtype: 'F8_E4M3' };
    expect(build(having(of('llama').tensors, quantized))).toBe(
      'model-unsupported: the tensor lm_head.weight is stored as F8_E4M3; weights can be F32, F16 or BF16',
    );
  });
});

describe('what transformers accepts, too', () => {
  const places = (name: (typeof cases)[number], tensors: StoredTensors): unknown => {
    const { initializers } = buildGraph(of(name).config, tensors).model.graph;
    return initializers.flatMap(({ place }) => (place.kind === 'external' ? [[place.location, place.offset]] : []));
  };

  test.each([
    ['gpt2', /^transformer\./, ''],
    ['gpt_neox', /^gpt_neox\./, ''],
    ['gpt_neox', /^embed_out\./, 'lm_head.'],
    ['llama', /^model\./, ''],
    ['llama-sharded', /^model\./, ''],
    ['gemma2', /^model\./, ''],
    ['gemma3', /^language_model\.model\./, 'model.language_model.'],
    ['gemma3', /^(vision_tower|multi_modal_projector)\./, 'model.$1.'],
    ['phi3-longrope', /^model\./, ''],
  ] as const)('%s with %s replaced by "%s" in all names is the same', (name, pattern, other) => {
    const others = renamed(of(name).tensors, (each) => each.replace(pattern, other));
    expect([...others.keys()]).not.toEqual([...of(name).tensors.keys()]);
    expect(places(name, others)).toEqual(places(name, of(name).tensors));
  });

  test.each([
    ['gpt2', 'transformer.h.0.attn.bias', [1, 1, 128, 128]],
    ['gpt2', 'h.1.attn.masked_bias', []],
    ['gpt2', 'lm_head.weight', [96, 32]],
    ['gpt_neox', 'gpt_neox.layers.0.attention.bias', [1, 1, 128, 128]],
    ['gpt_neox', 'gpt_neox.layers.1.attention.rotary_emb.inv_freq', [2]],
    ['llama', 'model.layers.0.self_attn.rotary_emb.inv_freq', [6]],
    ['llama-sharded', 'lm_head.weight', [96, 32]],
  ] as const)('%s may hold %s, which follows from the rest', (name, leftover, shape) => {
    expect(places(name, having(of(name).tensors, tensor(leftover, shape)))).toEqual(places(name, of(name).tensors));
  });
});

test.each([
  ['qwen2', { layer_types: undefined, max_window_layers: 1 }],
  ['gemma2', { layer_types: undefined }],
  [
    'gemma3_text',
    {
      layer_types: undefined,
      sliding_window_pattern: 2,
      rope_parameters: undefined,
      rope_theta: 1_000_000,
      rope_local_base_freq: 10_000,
      rope_scaling: { rope_type: 'linear', factor: 8 },
    },
  ],
  ['gpt_neox', { rope_parameters: undefined }],
  ['gpt_neox', { rope_parameters: undefined, rotary_pct: 0.25, rotary_emb_base: 10_000 }],
  [
    'phi3-longrope',
    {
      rope_parameters: undefined,
      rope_theta: 10_000,
      partial_rotary_factor: 0.75,
      rope_scaling: { type: 'longrope', short_factor: [1, 1.1, 1.3], long_factor: [1, 3, 7.5] },
    },
  ],
] as const)('%s with the keys of before transformers 5 is the same', (name, old) => {
  const { config, tensors } = of(name);
  const nodes = (values: Readonly<Record<string, unknown>>): unknown => buildGraph(values, tensors).model.graph.nodes;
  expect(nodes({ ...config, ...old })).toEqual(nodes(config));
});

describe('configurations that cannot be honoured', () => {
  const build = (name: (typeof cases)[number], changes: Record<string, unknown>): string =>
    refusal(() => buildGraph({ ...of(name).config, ...changes }, of(name).tensors));

  test('an unknown architecture is named, with those that are known', () => {
    expect(build('llama', { model_type: 'mamba' })).toBe(
      `model-unsupported: config.json says model_type = "mamba"; checkpoints are opened of ${knownModelTypes.join(', ')}`,
    );
    expect(build('llama', { model_type: undefined })).toBe('model-unreadable: config.json: model_type must be a text; found: no such key');
  });

  test.each([
    ['llama', { hidden_size: undefined }, 'model-unreadable: config.json: hidden_size must be a whole number above 0; found: no such key'],
    ['llama', { num_hidden_layers: '2' }, 'num_hidden_layers must be a whole number above 0; found: "2"'],
    ['llama', { num_key_value_heads: 3 }, 'num_key_value_heads = 3: it does not divide 4 heads'],
    ['llama', { hidden_act: 'xielu' }, 'hidden_act = "xielu": the activations known are gelu,'],
    ['llama', { rope_parameters: { rope_type: 'spiral' } }, 'rope_parameters.rope_type = "spiral": the kinds known are'],
    ['llama', { rope_parameters: { rope_type: 'linear' } }, 'rope_parameters.factor must be a number; found: no such key'],
    ['gpt2', { add_cross_attention: true }, 'model-unsupported: config.json says add_cross_attention = true: only false is supported'],
    ['gpt2', { n_head: 5 }, 'n_head = 5: it does not divide the width 32'],
    ['gemma2', { use_bidirectional_attention: true }, 'use_bidirectional_attention = true: only false is supported'],
    ['gemma3_text', { attn_logit_softcapping: 50 }, 'attn_logit_softcapping = 50: only null is supported'],
    ['qwen2', { layer_types: ['full_attention', 'linear_attention'] }, 'only full_attention and sliding_attention are supported'],
    ['qwen2', { layer_types: ['full_attention'] }, 'layer_types = ["full_attention"]: one is needed for each of 2 blocks'],
    [
      'phi3-longrope',
      { rope_parameters: { rope_type: 'longrope', short_factor: [1], long_factor: [1] } },
      'short_factor = [1]: 4 numbers are needed',
    ],
  ] as const)('%s with %o', (name, changes, message) => {
    expect(build(name, changes)).toContain(message);
  });
});
