/** External data as a hostile or damaged file may describe it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { readModel } from '../onnx/read.ts';
import { MemorySource } from '../onnx/source.ts';
import { WireWriter } from '../onnx/wire.ts';
import { locateWeights } from './weights.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-weights-'));
  writeFileSync(path.join(folder, 'graph.onnx'), '');
  writeFileSync(path.join(folder, 'data'), new Uint8Array(64));
  writeFileSync(path.join(path.dirname(folder), `${path.basename(folder)}.secret`), new Uint8Array(64));
  mkdirSync(path.join(folder, 'a folder'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.secret`, { force: true });
});

/** ModelProto.graph (7) { node (1) { op_type (4) }, initializer (5) { dims (1), data_type (2), name (8), external_data (13), data_location (14) } } */
function modelWith(entries: Readonly<Record<string, string>>, dims: readonly (number | bigint)[] = [4]): Uint8Array {
  const tensor = new WireWriter();
  for (const size of dims) tensor.integer(1, size);
  tensor.integer(2, 1).text(8, 'w');
  for (const [key, value] of Object.entries(entries)) tensor.message(13, new WireWriter().text(1, key).text(2, value));
  tensor.integer(14, 1);
  const node = new WireWriter().text(2, 'y').text(4, 'Constant');
  return new WireWriter().message(7, new WireWriter().message(1, node).message(5, tensor)).finish();
}

function outcome(entries: Readonly<Record<string, string>>, dims?: readonly (number | bigint)[]): string {
  const graph = path.join(folder, 'graph.onnx');
  try {
    locateWeights(graph, graph, readModel(new MemorySource(modelWith(entries, dims))));
    return 'taken';
  } catch (thrown) {
    if (thrown instanceof LabError) return thrown.code;
    return thrown instanceof Error ? thrown.constructor.name : 'unknown';
  }
}

test('what lies within its file, whole', () => {
  expect(outcome({ location: 'data', offset: '16', length: '16' })).toBe('taken');
  expect(outcome({ location: 'data', offset: '48' })).toBe('taken');
  expect(outcome({ location: './data', length: '16' })).toBe('taken');
});

test.each([
  ['beyond the end', { location: 'data', offset: '60', length: '16' }, 'model-data-missing'],
  ['an offset behind the end', { location: 'data', offset: '4096' }, 'model-data-missing'],
  ['a negative offset', { location: 'data', offset: '-16', length: '16' }, 'model-unreadable'],
  ['a negative length', { location: 'data', length: '-16' }, 'model-unreadable'],
  ['an enormous offset', { location: 'data', offset: '99999999999999999999', length: '16' }, 'model-unreadable'],
  ['an enormous length', { location: 'data', length: '18446744073709551615' }, 'model-unreadable'],
  ['numbers that are none', { location: 'data', offset: 'many', length: '16' }, 'model-unreadable'],
  ['a length that is none', { location: 'data', length: 'all' }, 'model-unreadable'],
  ['half a byte', { location: 'data', offset: '0.5', length: '16' }, 'model-unreadable'],
  ['fewer bytes than the shape asks for', { location: 'data', length: '12' }, 'model-unreadable'],
  ['more bytes than the shape asks for', { location: 'data', length: '20' }, 'model-unreadable'],
  ['a file that is not there', { location: 'nothing', length: '16' }, 'model-data-missing'],
  ['a folder', { location: 'a folder', length: '16' }, 'model-data-missing'],
  ['no location', { length: '16' }, 'model-unreadable'],
  ['the folder above', { location: '../secret', length: '16' }, 'model-unreadable'],
  ['the folder above, by a detour', { location: 'a folder/../../secret', length: '16' }, 'model-unreadable'],
  ['an absolute path', { location: '/etc/passwd', length: '16' }, 'model-unreadable'],
  ['a name with a zero byte', { location: 'data\0', length: '16' }, 'model-unreadable'],
  [
    "ONNX Runtime's own mark for an address in memory",
    { location: '*/_ORT_MEM_ADDR_/*', offset: '4096', length: '16' },
    'model-data-missing',
  ],
] as const)('%s is refused', (_what, entries, code) => {
  expect(outcome(entries)).toBe(code);
});

test('a path beside the folder whose name begins alike is outside', () => {
  expect(outcome({ location: `../${path.basename(folder)}.secret`, length: '16' })).toBe('model-unreadable');
});

test('impossible shapes are refused when the file is read', () => {
  expect(outcome({ location: 'data', length: '16' }, [-4])).toBe('WireError');
  expect(outcome({ location: 'data', length: '16' }, [2n ** 62n])).toBe('WireError');
  expect(outcome({ location: 'data', length: '16' }, new Array<number>(100).fill(1))).toBe('WireError');
});
