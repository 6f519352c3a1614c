import { expect, test } from 'vitest';
import type { Hook } from '../../../../electron/rpc/contract.ts';
import { partsOf, summaryOf } from './architecture.ts';

const hook = (name: string, block: number | null): Hook => ({ name, block, tensor: `t/${name}`, shape: 'residual' });
const sizes = { task: 'decoder', layers: 2, width: 64, heads: 4, headSize: 16, vocabulary: 1290 } as const;

test('hooks are found in the part that they belong to, in order', () => {
  const parts = partsOf({
    ...sizes,
    hooks: [
      hook('hook_embed', null),
      hook('blocks.0.hook_resid_pre', 0),
      hook('blocks.0.attn.hook_pattern', 0),
      hook('blocks.0.hook_mlp_out', 0),
      hook('blocks.1.hook_resid_post', 1),
      hook('ln_final.hook_normalized', null),
    ],
  });
  expect(parts.map(({ title, ticks }) => [title, ticks.map(({ label, kind }) => `${label} ${kind}`)])).toEqual([
    ['embedding', ['embed stream']],
    ['block 0', ['resid_pre stream', 'attn.pattern attention', 'mlp_out mlp']],
    ['block 1', ['resid_post stream']],
    ['final norm', ['ln_final.normalized stream']],
    ['head', []],
  ]);
  expect(parts.map(({ detail }) => detail)).toEqual(['1,290 × 64', '', '', '', '1,290\u00a0tokens']);
});

test('blocks whose inside was not found are there, and tensors without a name keep their own', () => {
  expect(partsOf({ ...sizes, hooks: [] }).map(({ title }) => title)).toEqual(['embedding', 'block 0', 'block 1', 'final norm', 'head']);
  const [, block] = partsOf({ ...sizes, hooks: [hook('tensor:/conv1/Relu', 0)] });
  expect(block?.ticks[0]).toMatchObject({ label: 'tensor:/conv1/Relu', kind: 'other' });
});

test('an image model has classes, and no vocabulary', () => {
  const parts = partsOf({ ...sizes, task: 'image-classifier', vocabulary: 10, layers: 0, hooks: [] });
  expect(parts.map(({ title, detail }) => `${title} ${detail}`.trim())).toEqual(['image', 'features', 'head 10\u00a0classes']);
});

test('one line says what it is', () => {
  const card = {
    architecture: 'llama',
    dtype: 'float32',
    parameters: 944_528,
    layers: 4,
    width: 128,
    format: 'onnx',
    variant: null,
  } as const;
  expect(summaryOf(card).replaceAll('\u00a0', ' ')).toBe('llama, float32 · 944,528 parameters · 4 layers of width 128 · ONNX');
  expect(summaryOf({ ...card, variant: 'model_q4', layers: 1 }).replaceAll('\u00a0', ' ')).toContain(
    '1 layer of width 128 · ONNX, model_q4',
  );
});
