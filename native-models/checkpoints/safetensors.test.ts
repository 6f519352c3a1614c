/// <reference lib="es2025.float16" />
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { seededRandom } from '../../probes/numerics/random.ts';
import { readSafetensors } from './safetensors.ts';
import { SafetensorsWriter } from './safetensors-writer.ts';

const fixtures = path.join(import.meta.dirname, 'fixtures/safetensors');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the safetensors library read from a file; see fixtures/record_safetensors.py. */
interface Recorded {
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, { readonly dtype: string; readonly shape: number[]; readonly values: string[] }>;
}
const recorded = (name: string): Recorded => JSON.parse(readFileSync(path.join(fixtures, name), 'utf8')) as Recorded;

/** Values of a tensor, as numbers; null for types that JavaScript has no array for. */
function valuesOf(bytes: Uint8Array, dtype: string): number[] | null {
  const { buffer } = bytes.slice();
  switch (dtype) {
    case 'F64':
      return [...new Float64Array(buffer)];
    case 'F32':
      return [...new Float32Array(buffer)];
    case 'F16':
      return [...new Float16Array(buffer)];
    case 'BF16':
      return [...new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer)];
    case 'I64':
      return [...new BigInt64Array(buffer)].map(Number);
    case 'U8':
    case 'BOOL':
      return [...bytes];
    default:
      return null;
  }
}

const numberOf = (text: string): number => (text === 'inf' ? Infinity : text === '-inf' ? -Infinity : text === 'nan' ? NaN : Number(text));

describe.each(['library', 'written'])('a file that the safetensors library %s', (name) => {
  const file = path.join(fixtures, `${name}.safetensors`);
  const { metadata, tensors } = recorded(`${name}.json`);

  test('has the names, types, shapes and metadata that the library reads', () => {
    const header = readSafetensors(file);
    expect(Object.fromEntries(header.metadata)).toEqual(metadata);
    expect([...header.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
    for (const [tensor, { dtype, shape }] of Object.entries(tensors)) expect(header.tensors.get(tensor)).toMatchObject({ dtype, shape });
  });

  test('has the values that the library reads at the places that the header gives', () => {
    const whole = new Uint8Array(readFileSync(file));
    let compared = 0;
    for (const { name: tensor, dtype, offset, length } of readSafetensors(file).tensors.values()) {
      const values = valuesOf(whole.subarray(offset, offset + length), dtype);
      if (values === null) continue;
      expect(values, tensor).toEqual(tensors[tensor]!.values.map(numberOf));
      compared += 1;
    }
    expect(compared).toBeGreaterThan(2);
  });
});

/** The file that the library has read for `written.json`: row counts known, both types, and every way that float16 rounds. */
const hostileHalves = [65504, 65519.996, 65520, -1e38, 6e-8, 2.98e-8, 2 ** -25, 1 + 2 ** -11, 1 + 3 * 2 ** -11, Infinity, -0, NaN];
function writeBoth(file: string, rows: boolean): { overflows: number; bytes: number } {
  const writer = new SafetensorsWriter(
    file,
    [
      { name: 'half', dtype: 'F16', rowShape: [], rows: rows ? hostileHalves.length : null },
      { name: 'blocks.0.hook_resid_post', dtype: 'F32', rowShape: [2, 3], rows: rows ? 3 : null },
      { name: 'none', dtype: 'F32', rowShape: [4], rows: rows ? 0 : null },
    ],
    { model: 'tiny', 'Ünï "code"': '雪\n' },
  );
  writer.append(
    'blocks.0.hook_resid_post',
    Float32Array.from({ length: 6 }, (_, index) => index / 3),
  );
  writer.append('half', Float32Array.from(hostileHalves.slice(0, 5)));
  writer.append(
    'blocks.0.hook_resid_post',
    Float32Array.from({ length: 12 }, (_, index) => -(index ** 7)),
  );
  writer.append('half', Float32Array.from(hostileHalves.slice(5)));
  return writer.finish();
}

describe('the writer', () => {
  test('writes the bytes that were recorded, whether or not the rows were counted before', () => {
    const expected = path.join(fixtures, 'written.safetensors');
    if (!existsSync(expected)) writeBoth(expected, true);
    for (const rows of [true, false]) {
      const file = path.join(folder, `written-${rows}.safetensors`);
      const { overflows, bytes } = writeBoth(file, rows);
      expect(overflows).toBe(2);
      expect(readFileSync(file)).toEqual(readFileSync(expected));
      expect(bytes).toBe(readFileSync(file).length);
    }
  });

  test('rounds to the float16 that the library reads: to the nearest, ties to even', () => {
    expect(recorded('written.json').tensors['half']!.values.map(numberOf)).toEqual([
      65504,
      65504,
      Infinity,
      -Infinity,
      2 ** -24,
      0,
      0,
      1,
      1 + 2 ** -9,
      Infinity,
      -0,
      NaN,
    ]);
  });

  test('takes many rows without keeping them, and leaves nothing but the file', () => {
    const file = path.join(folder, 'large.safetensors');
    const rows = Float32Array.from({ length: 200_000 }, (_, index) => index);
    const writer = new SafetensorsWriter(file, [
      { name: 'a', dtype: 'F16', rowShape: [1000], rows: null },
      { name: 'b', dtype: 'F32', rowShape: [1000], rows: null },
    ]);
    const before = process.memoryUsage().arrayBuffers;
    for (let group = 0; group < 50; group++) for (const name of ['a', 'b']) writer.append(name, rows);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    const { bytes } = writer.finish();
    expect(bytes).toBeGreaterThan(60_000_000);
    const { tensors } = readSafetensors(file);
    expect(tensors.get('a')).toMatchObject({ shape: [10_000, 1000], length: 20_000_000 });
    const b = tensors.get('b')!;
    const last = readFileSync(file).subarray(b.offset + b.length - 4, b.offset + b.length);
    expect(last.readFloatLE()).toBe(199_999);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });

  const codeOf = (action: () => unknown): string => {
    try {
      action();
      return 'done';
    } catch (thrown) {
      return thrown instanceof LabError ? thrown.code : String(thrown);
    }
  };

  test('refuses what it cannot do, and removes what it began', () => {
    const taken = path.join(folder, 'taken.safetensors');
    writeFileSync(taken, 'mine');
    const tensors = [{ name: 'a', dtype: 'F32', rowShape: [2], rows: 2 }] as const;
    expect(codeOf(() => new SafetensorsWriter(taken, tensors))).toBe('file-exists');
    expect(codeOf(() => new SafetensorsWriter(path.join(folder, 'no/such/folder'), tensors))).toBe('file-unwritable');
    const writer = new SafetensorsWriter(path.join(folder, 'new'), tensors);
    expect(codeOf(() => writer.append('a', new Float32Array(3)))).toContain('no whole rows');
    expect(codeOf(() => writer.append('a', new Float32Array(6)))).toContain('more than 2 rows');
    expect(codeOf(() => writer.append('b', new Float32Array(2)))).toContain('no tensor b');
    writer.append('a', new Float32Array(2));
    expect(codeOf(() => writer.finish())).toContain('1 of 2 rows');
    const late = new SafetensorsWriter(path.join(folder, 'late'), tensors);
    late.append('a', new Float32Array(4));
    writeFileSync(path.join(folder, 'late'), 'mine');
    expect(codeOf(() => late.finish())).toBe('file-exists');
    expect(readFileSync(path.join(folder, 'late'), 'utf8')).toBe('mine');
    const dropped = new SafetensorsWriter(path.join(folder, 'dropped'), tensors);
    dropped.discard();
    expect(existsSync(path.join(folder, 'dropped'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('damaged and hostile files', () => {
  const file = (): string => path.join(folder, 'hostile.safetensors');
  const attempt = (content: Uint8Array): string => {
    writeFileSync(file(), content);
    return outcome();
  };
  const outcome = (): string => {
    try {
      readSafetensors(file());
      return 'read';
    } catch (thrown) {
      return thrown instanceof LabError ? `${thrown.code}: ${thrown.message}` : `not foreseen: ${String(thrown)}`;
    }
  };
  const withHeader = (header: string, values = 0, length = Buffer.byteLength(header)): Uint8Array => {
    const bytes = Buffer.alloc(8 + Buffer.byteLength(header) + values);
    bytes.writeBigUInt64LE(BigInt(length));
    bytes.write(header, 8);
    return bytes;
  };
  const entry = (dtype: string, shape: string, begin: number | string, end: number | string): string =>
    `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

  test('the sound form of what follows is read', () => {
    expect(attempt(withHeader(`{"a":${entry('F32', '[2]', 0, 8)},"b":${entry('U8', '[0,9]', 8, 8)}}`, 8))).toBe('read');
    expect(attempt(withHeader('{}'))).toBe('read');
  });

  test.each([
    ['an empty file', new Uint8Array(0), 'should reach to byte 8'],
    ['what Git LFS leaves in the place of a file', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'), 'Git LFS'],
    ['a length of 2^64 - 1', new Uint8Array(8).fill(255), 'none has more than'],
    ['a length beyond the file', withHeader('{}', 0, 90_000_000), 'it has 10 bytes; its header should reach to byte 90000008'],
    ['a length of nothing', withHeader(''), 'JSON'],
    ['no JSON', withHeader('{"a":'), 'JSON'],
    ['a list', withHeader('[]'), 'no JSON object'],
    ['a null', withHeader('null'), 'no JSON object'],
    ['no UTF-8', Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0x28]), 'encoded data'],
    ['nesting without end', withHeader('['.repeat(100_000)), 'nested too deeply'],
    ['nesting within a tensor', withHeader('{"a":{"shape":[[]]}}'), 'nested too deeply'],
    ['a text without end', withHeader('{"a'), 'ends within a text'],
    ['the same tensor twice', withHeader(`{"a":${entry('U8', '[1]', 0, 1)},"a":${entry('U8', '[1]', 0, 1)}}`, 1), 'the key "a" twice'],
    [
      'the same tensor, spelled otherwise',
      withHeader(`{"a":${entry('U8', '[1]', 0, 1)},"\\u0061":${entry('U8', '[1]', 0, 1)}}`, 1),
      'twice',
    ],
    ['the same field twice', withHeader('{"a":{"dtype":"U8","dtype":"F32"}}'), 'the key "dtype" twice'],
    ['an unknown type', withHeader(`{"a":${entry('F33', '[2]', 0, 8)}}`, 8), 'unknown type "F33"'],
    ['the type of a prototype', withHeader(`{"a":${entry('constructor', '[2]', 0, 8)}}`, 8), 'unknown type'],
    ['no type', withHeader('{"a":{"shape":[1],"data_offsets":[0,1]}}', 1), 'unknown type undefined'],
    ['a negative size', withHeader(`{"a":${entry('F32', '[-2,-1]', 0, 8)}}`, 8), 'no sound shape'],
    ['a broken size', withHeader(`{"a":${entry('F32', '[1.5]', 0, 6)}}`, 6), 'no sound shape'],
    ['a size beyond 2^53', withHeader(`{"a":${entry('F32', '[1e300]', 0, 8)}}`, 8), 'no sound shape'],
    ['a product that overflows', withHeader(`{"a":${entry('F32', '[9007199254740991,9007199254740991]', 0, 4)}}`, 4), 'takes'],
    ['a shape that is none', withHeader(`{"a":${entry('F32', '{}', 0, 8)}}`, 8), 'no sound shape'],
    ['a size that does not fit the place', withHeader(`{"a":${entry('F32', '[3]', 0, 8)}}`, 8), 'takes 12 bytes'],
    ['half a byte', withHeader(`{"a":${entry('F4', '[1]', 0, 1)}}`, 1), 'takes 0.5 bytes'],
    ['a place that ends before it begins', withHeader(`{"a":${entry('F32', '[2]', 8, 0)}}`, 8), 'takes 8 bytes'],
    ['three offsets', withHeader('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}', 1), 'no sound place'],
    ['a place beyond the file', withHeader(`{"a":${entry('F32', '[2]', 0, 8)}}`, 7), 'should reach'],
    ['an overlap', withHeader(`{"a":${entry('U8', '[2]', 0, 2)},"b":${entry('U8', '[2]', 1, 3)}}`, 3), 'b begins at byte'],
    ['a hole', withHeader(`{"a":${entry('U8', '[1]', 0, 1)},"b":${entry('U8', '[1]', 2, 3)}}`, 3), 'b begins at byte'],
    ['bytes that belong to no tensor', withHeader(`{"a":${entry('U8', '[1]', 0, 1)}}`, 2), 'its tensors end at byte'],
    ['metadata that is no text', withHeader('{"__metadata__":{"a":1}}'), 'is no text'],
  ])('%s is refused', (_what, content, why) => {
    const result = attempt(content);
    expect(result).toContain('model-unreadable');
    expect(result).toContain(why);
  });

  test('a length field takes no memory that the file does not have', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 20; round++) attempt(withHeader('{}', 0, 99_999_999));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  test.each(['library', 'written'])('%s.safetensors, cut short at every byte, is refused', (name) => {
    const whole = new Uint8Array(readFileSync(path.join(fixtures, `${name}.safetensors`)));
    expect(attempt(whole)).toBe('read');
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(file(), length);
      expect(outcome(), `${length} bytes`).toContain('model-unreadable');
    }
  });

  test('3000 files with random bytes changed are refused, or read with every tensor inside the file', () => {
    const whole = new Uint8Array(readFileSync(path.join(fixtures, 'library.safetensors')));
    const headerBytes = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
    const random = seededRandom(11);
    attempt(whole);
    const started = performance.now();
    let read = 0;
    for (let round = 0; round < 3000; round++) {
      const copy = whole.slice();
      for (let change = 0; change < 1 + (round % 4); change++) copy[Math.floor(random() * headerBytes)] = Math.floor(random() * 128);
      // Written over, not anew: some disks take their time to empty a file.
      writeFileSync(file(), copy, { flag: 'r+' });
      const result = outcome();
      if (result !== 'read') {
        expect(result).toContain('model-unreadable');
        continue;
      }
      read += 1;
      for (const { offset, length } of readSafetensors(file()).tensors.values()) {
        expect(offset).toBeGreaterThanOrEqual(headerBytes);
        expect(offset + length).toBeLessThanOrEqual(whole.length);
      }
    }
    // Letters of names and metadata may change; most changes break something.
    expect(read).toBeGreaterThan(30);
    expect(read).toBeLessThan(2000);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
