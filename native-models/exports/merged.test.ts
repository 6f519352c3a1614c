/** The branch with a cache is taken where it answers like the one without, and only there. */
import path from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { withCache } from './merged.ts';
import { openExport } from './open.ts';
import { deviation, expectedOf, fixtures, sessionOf } from './testing/fixtures.ts';

const cacheInputs = [0, 1].flatMap((layer) => [`past_key_values.${layer}.key`, `past_key_values.${layer}.value`]);

test('a sound export gets its cache, and gives the same logits token by token', async () => {
  const opened = openExport(path.join(fixtures, 'merged'));
  expect(opened.model.graph.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'position_ids']);
  const cached = await withCache(opened, 1);
  expect(cached.model.graph.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'position_ids', ...cacheInputs]);
  expect(cached.hooks.all.map(({ name }) => name)).toEqual(opened.hooks.all.map(({ name }) => name));

  const { feeds, answer } = expectedOf('merged');
  const session = await sessionOf(cached, cached.model.graph);
  const ids = feeds['input_ids']!.data as BigInt64Array;
  const [batch, length] = feeds['input_ids']!.dims as [number, number];
  let past: Record<string, Tensor> = Object.fromEntries(
    cacheInputs.map((name) => [name, new Tensor('float32', new Float32Array(0), [batch, 2, 0, 8])]),
  );
  const vocabulary = answer.dims[2]!;
  for (let position = 0; position < length; position++) {
    const column = (value: (row: number) => bigint): Tensor =>
      new Tensor(
        'int64',
        BigInt64Array.from({ length: batch }, (_, row) => value(row)),
        [batch, 1],
      );
    const outputs = await session.run({
      ...past,
      input_ids: column((row) => ids[row * length + position]!),
      position_ids: column(() => BigInt(position)),
      attention_mask: new Tensor('int64', new BigInt64Array(batch * (position + 1)).fill(1n), [batch, position + 1]),
    });
    past = Object.fromEntries(cacheInputs.map((name) => [name, outputs[name.replace('past_key_values', 'present')]!]));
    for (let row = 0; row < batch; row++) {
      const at = (row * length + position) * vocabulary;
      const step = (outputs['logits']!.data as Float32Array).subarray(row * vocabulary, (row + 1) * vocabulary);
      expect(
        deviation({ dims: [vocabulary], values: step }, { dims: [vocabulary], values: answer.values.subarray(at, at + vocabulary) }),
      ).toBeLessThan(2e-5);
    }
  }
  await session.release();
});

test('a branch that hides nothing of what comes later is not trusted with prompts', async () => {
  const opened = openExport(path.join(fixtures, 'merged-unmasked'));
  expect(openExport(path.join(fixtures, 'merged-unmasked'), null, 'cache').model.graph.inputs.map(({ name }) => name)).toContain(
    cacheInputs[0],
  );
  expect(await withCache(opened, 1)).toBe(opened);
});

test('what is not merged stays as it is', async () => {
  for (const name of ['gpt2', 'gpt2-fused', 'mixing-values', 'bert', 'vit']) {
    const opened = openExport(path.join(fixtures, name));
    expect(await withCache(opened, 1)).toBe(opened);
  }
});
