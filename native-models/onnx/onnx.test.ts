import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { LabError } from '../../probes/lab-error.ts';
import { seededRandom } from '../../probes/numerics/random.ts';
import { embeddedModel } from '../catalog.ts';
import { readModel, readModelFile } from './read.ts';
import { MemorySource } from './source.ts';
import { fieldsOf, integersOf, WireError, WireWriter } from './wire.ts';
import { encodeModel } from './write.ts';

const original = path.join(embeddedModel('liar')!.folder, 'onnx/model.onnx');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-onnx-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the wire format', () => {
  test('numbers of every length, negative ones included, in packed and plain form', () => {
    const values = [0n, 1n, 127n, 128n, 300n, 2n ** 31n, 2n ** 53n + 1n, -1n, -(2n ** 63n)];
    const writer = new WireWriter();
    for (const value of values) writer.integer(8, value);
    const bytes = writer.finish();
    const source = new MemorySource(bytes);
    expect([...fieldsOf(source, 0, bytes.length)].flatMap((field) => integersOf(source, field))).toEqual(values);
    const packed = new WireWriter().bytes(8, Uint8Array.from([0, 1, 0xac, 0x02])).finish();
    const packedSource = new MemorySource(packed);
    expect(integersOf(packedSource, [...fieldsOf(packedSource, 0, packed.length)][0]!)).toEqual([0n, 1n, 300n]);
  });

  test.each([
    ['a length beyond the end', [0x0a, 0x05, 0x01]],
    ['a length of many gigabytes', [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['a number without an end', [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['an unknown kind of field', [0x0b]],
    ['field zero', [0x02, 0x00]],
    ['a cut tag', [0x80]],
  ])('%s is refused', (_what, bytes) => {
    const source = new MemorySource(Uint8Array.from(bytes));
    expect(() => [...fieldsOf(source, 0, bytes.length)]).toThrow(WireError);
  });
});

test('a model is read without its weights', () => {
  const model = readModelFile(original);
  expect(model.graph.inputs.map((input) => input.name)).toContain('input_ids');
  const inline = model.graph.initializers.filter((tensor) => tensor.place.kind === 'inline');
  expect(inline.length).toBeGreaterThan(10);
  expect(encodeModel(model, 'model.onnx').length).toBeLessThan(200_000);
});

test('ONNX Runtime takes the graph with its weights in the original file, and gives the same logits to the bit', async () => {
  const model = readModelFile(original);
  const plain = await InferenceSession.create(original);
  const ours = await InferenceSession.create(encodeModel(model, path.basename(original)), {
    extra: { session: { model_external_initializers_file_folder_path: path.dirname(original) } },
  });
  const feeds: Record<string, Tensor> = {};
  for (const input of model.graph.inputs) {
    if (input.name.startsWith('past'))
      feeds[input.name] = new Tensor('float32', new Float32Array(0), [1, input.shape![1] as number, 0, input.shape![3] as number]);
    else
      feeds[input.name] = new Tensor(
        'int64',
        BigInt64Array.from(
          [1n, 5n, 9n, 12n].map((value, index) =>
            input.name === 'input_ids' ? value : input.name === 'position_ids' ? BigInt(index) : 1n,
          ),
        ),
        [1, 4],
      );
  }
  const [left, right] = [await plain.run(feeds), await ours.run(feeds)];
  expect(right['logits']!.data).toEqual(left['logits']!.data);
  await plain.release();
  await ours.release();
});

describe('damaged and hostile files', () => {
  const bytes = (): Uint8Array => new Uint8Array(readFileSync(original));
  const codeOf = (content: Uint8Array): string => {
    const file = path.join(folder, 'damaged.onnx');
    writeFileSync(file, content);
    try {
      readModelFile(file);
      return 'read';
    } catch (thrown) {
      return thrown instanceof LabError ? thrown.code : String(thrown);
    }
  };

  test('cut short anywhere, it says so', () => {
    const whole = bytes();
    for (const share of [0, 0.001, 0.1, 0.5, 0.9, 0.9999])
      expect(codeOf(whole.subarray(0, Math.floor(whole.length * share)))).toBe('model-unreadable');
  });

  test('text and noise are no models', () => {
    expect(codeOf(new TextEncoder().encode('{"hello": "world"}'))).toBe('model-unreadable');
    const random = seededRandom(3);
    for (let round = 0; round < 50; round++)
      expect(codeOf(Uint8Array.from({ length: 4096 }, () => Math.floor(random() * 256)))).toBe('model-unreadable');
  });

  test('300 files with random bytes changed are read or refused, never worse', () => {
    // Without the weights, so that the changes hit the structure.
    const compact = encodeModel(readModelFile(original), 'model.onnx');
    const random = seededRandom(4);
    for (let round = 0; round < 300; round++) {
      const copy = compact.slice();
      for (let change = 0; change < 1 + (round % 8); change++) copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
      try {
        readModel(new MemorySource(copy));
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(WireError);
      }
    }
  });

  test('subgraphs nested without end are refused', () => {
    let graph = new WireWriter().message(1, new WireWriter().text(4, 'Relu'));
    for (let depth = 0; depth < 200; depth++)
      graph = new WireWriter().message(
        1,
        new WireWriter().text(4, 'If').message(5, new WireWriter().text(1, 'then_branch').message(6, graph)),
      );
    expect(codeOf(new WireWriter().message(7, graph).finish())).toBe('model-unreadable');
  });
});
