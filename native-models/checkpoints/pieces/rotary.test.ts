import { Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { createSession } from '../../device/session.ts';
import { dataType } from '../../onnx/graph.ts';
import { valueInfo } from '../../onnx/write.ts';
import { GraphBuilder } from '../builder.ts';
import { Config } from '../config.ts';
import recorded from '../fixtures/rope.json' with { type: 'json' };
import { WeightSet } from '../weights.ts';
import { ropeScheme, type RopeScheme } from './rope-scheme.ts';
import { rotary, turn } from './rotary.ts';

interface Recorded {
  readonly head: number;
  readonly config: Readonly<Record<string, unknown>>;
  readonly scale: number;
  readonly frequencies: readonly number[];
  readonly long?: readonly number[];
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, index) => expect(Math.abs(value / expected[index]! - 1)).toBeLessThan(3e-7));
}

describe.each(Object.entries(recorded as Record<string, Recorded>))('%s', (_name, { head, config, scale, frequencies, long }) => {
  const check = (scheme: RopeScheme): void => {
    expect(Math.abs(scheme.scale - scale)).toBeLessThan(1e-12);
    expect(scheme.rotated).toBe(2 * frequencies.length);
    const found = scheme.frequencies;
    if (found.kind === 'fixed') expectClose(found.values, frequencies);
    if (found.kind === 'by-length') {
      expectClose(found.short, frequencies);
      expectClose(found.long, long!);
    }
    expect(found.kind).toBe(long === undefined ? 'fixed' : 'by-length');
  };

  test('has the frequencies that transformers computes', () => check(ropeScheme(new Config(config), head)));

  test('and the same from a config.json of before transformers 5', () => {
    const { rope_parameters: parameters, ...rest } = config;
    const { rope_type: type, rope_theta: theta, partial_rotary_factor: partial, ...scaling } = parameters as Record<string, unknown>;
    const old = { ...rest, rope_theta: theta, ...(partial === undefined ? {} : { partial_rotary_factor: partial }) };
    check(ropeScheme(new Config({ ...old, rope_scaling: type === 'default' ? null : { type, ...scaling } }), head));
  });
});

test('an unknown kind of scaling is named', () => {
  const config = new Config({ rope_parameters: { rope_type: 'spiral', rope_theta: 1e4 } });
  expect(() => ropeScheme(config, 8)).toThrow('rope_parameters.rope_type = "spiral"');
});

/** Runs the rotation of heads [batch, 1, positions, 2], one pair of numbers each, for texts of these lengths. */
async function turned(
  scheme: RopeScheme,
  lengths: readonly number[],
  positions: number,
  pair: readonly [number, number],
): Promise<Float32Array> {
  const b = new GraphBuilder(new WeightSet(new Map()));
  const positionIds = b.input('position_ids', dataType.int64, ['batch', 'sequence']);
  const attentionMask = b.input('attention_mask', dataType.int64, ['batch', 'total']);
  const heads = b.input('heads', dataType.float, ['batch', 1, 'sequence', 2]);
  const out = turn(b, heads, rotary(b, scheme, { positionIds, attentionMask }));
  const { model } = b.finish('encoder', out, heads);
  const session = await createSession({ ...model, graph: { ...model.graph, outputs: [valueInfo(out, dataType.float)] } }, '', {
    threads: 1,
    weightFolder: '.',
  });
  const batch = lengths.length;
  const total = Math.max(...lengths);
  const result = await session.run({
    position_ids: new Tensor(
      'int64',
      BigInt64Array.from({ length: batch * positions }, (_, at) => BigInt(at % positions)),
      [batch, positions],
    ),
    attention_mask: new Tensor(
      'int64',
      BigInt64Array.from(lengths.flatMap((length) => Array.from({ length: total }, (_, at) => (at < length ? 1n : 0n)))),
      [batch, total],
    ),
    heads: new Tensor(
      'float32',
      Float32Array.from({ length: 2 * batch * positions }, (_, at) => pair[at % 2]!),
      [batch, 1, positions, 2],
    ),
  });
  await session.release();
  return result[out]!.data as Float32Array;
}

test('angles stay right up to position 131,071', async () => {
  const frequency = Math.fround(0.7);
  const scheme: RopeScheme = { rotated: 2, scale: 1, frequencies: { kind: 'fixed', values: [frequency] } };
  const values = await turned(scheme, [131_072], 131_072, [1, 0]);
  let worst = 0;
  for (let position = 0; position < 131_072; position++) {
    // The product is rounded to float32, as in transformers; cosine and sine of it are not.
    const angle = Math.fround(position * frequency);
    worst = Math.max(worst, Math.abs(values[2 * position]! - Math.cos(angle)), Math.abs(values[2 * position + 1]! - Math.sin(angle)));
  }
  expect(worst).toBeLessThan(1e-6);
});

test('frequencies are chosen by the length of each text, whatever lies beside it', async () => {
  const scheme: RopeScheme = { rotated: 2, scale: 1.5, frequencies: { kind: 'by-length', limit: 4, short: [0.5], long: [0.1] } };
  const values = await turned(scheme, [4, 5], 4, [0, 2]);
  [0.5, 0.1].forEach((frequency, row) => {
    for (let position = 0; position < 4; position++) {
      expect(values[(row * 4 + position) * 2]).toBeCloseTo(-3 * Math.sin(position * frequency), 5);
      expect(values[(row * 4 + position) * 2 + 1]).toBeCloseTo(3 * Math.cos(position * frequency), 5);
    }
  });
});
