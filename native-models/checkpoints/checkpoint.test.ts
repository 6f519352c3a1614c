import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { isCheckpoint, readCheckpoint } from './checkpoint.ts';
import { SafetensorsWriter } from './safetensors-writer.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-checkpoint-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Tensors of two values each. */
function writeTensors(file: string, names: readonly string[]): void {
  const writer = new SafetensorsWriter(
    file,
    names.map((name) => ({ name, dtype: 'F32', rowShape: [], rows: 2 })),
  );
  for (const name of names) writer.append(name, Float32Array.of(1, 2));
  writer.finish();
}

function singleFile(name: string): string {
  const target = path.join(folder, name);
  mkdirSync(target);
  writeFileSync(path.join(target, 'config.json'), '{"model_type":"any"}');
  writeTensors(path.join(target, 'model.safetensors'), ['a', 'b', 'c']);
  return target;
}

const shard = (part: number): string => `model-0000${part}-of-00002.safetensors`;

function sharded(name: string, map: unknown = { a: shard(1), b: shard(1), c: shard(2) }): string {
  const target = path.join(folder, name);
  mkdirSync(target);
  writeFileSync(path.join(target, 'config.json'), '{"model_type":"any"}');
  writeTensors(path.join(target, shard(1)), ['a', 'b']);
  writeTensors(path.join(target, shard(2)), ['c']);
  writeFileSync(path.join(target, 'model.safetensors.index.json'), JSON.stringify({ metadata: { total_size: 24 }, weight_map: map }));
  return target;
}

/** A hub cache: the files lie elsewhere, under other names, and the folder links to them. */
function linked(source: string, names: readonly string[]): string {
  const target = path.join(folder, `${path.basename(source)}-cache/snapshots/0`);
  const blobs = path.join(folder, `${path.basename(source)}-cache/blobs`);
  mkdirSync(target, { recursive: true });
  mkdirSync(blobs);
  names.forEach((name, index) => {
    cpSync(path.join(source, name), path.join(blobs, `blob${index}`));
    symlinkSync(path.relative(target, path.join(blobs, `blob${index}`)), path.join(target, name));
  });
  return target;
}

describe('a sound checkpoint', () => {
  test('in one file', () => {
    const target = singleFile('single');
    const { config, tensors, weightFolder, files } = readCheckpoint(target);
    expect(config).toEqual({ model_type: 'any' });
    expect([...tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(tensors.get('b')).toMatchObject({ dtype: 'F32', shape: [2], location: 'model.safetensors', length: 8 });
    expect(path.resolve(weightFolder, 'model.safetensors')).toBe(path.join(target, 'model.safetensors'));
    expect(files.map((file) => path.relative(target, file))).toEqual(['config.json', 'model.safetensors']);
    expect(isCheckpoint(target)).toBe(true);
  });

  test('in several, with an index', () => {
    const target = sharded('sharded');
    const { tensors, files } = readCheckpoint(target);
    expect(Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.location]))).toEqual({
      a: shard(1),
      b: shard(1),
      c: shard(2),
    });
    expect(files.map((file) => path.relative(target, file))).toEqual(['config.json', 'model.safetensors.index.json', shard(1), shard(2)]);
  });

  test('whose files are links, as hub caches have them', () => {
    const target = linked(sharded('real'), ['config.json', 'model.safetensors.index.json', shard(1), shard(2)]);
    const { tensors, weightFolder, files } = readCheckpoint(target);
    expect(isCheckpoint(target)).toBe(true);
    expect([...tensors.values()].map(({ location }) => location)).toEqual(['blob2', 'blob2', 'blob3']);
    expect(path.basename(weightFolder)).toBe('blobs');
    expect(files.every((file) => file.startsWith(target))).toBe(true);
  });

  test('whose parts lie in different folders: the weight folder is above both', () => {
    const target = sharded('apart');
    mkdirSync(path.join(folder, 'elsewhere'));
    renameSync(path.join(target, shard(2)), path.join(folder, 'elsewhere/part'));
    symlinkSync(path.join(folder, 'elsewhere/part'), path.join(target, shard(2)));
    const { tensors } = readCheckpoint(target);
    expect(tensors.get('a')!.location).toBe(`apart/${shard(1)}`);
    expect(tensors.get('c')!.location).toBe('elsewhere/part');
  });

  test('gives way to an ONNX export in the same folder', () => {
    const target = singleFile('both');
    mkdirSync(path.join(target, 'onnx'));
    writeFileSync(path.join(target, 'onnx/model_q4.onnx'), '');
    expect(isCheckpoint(target)).toBe(false);
    expect(isCheckpoint(path.join(folder, 'nowhere'))).toBe(false);
  });
});

describe('a folder that is no sound checkpoint', () => {
  const errorOf = (target: string): string => {
    try {
      readCheckpoint(target);
      return 'read';
    } catch (thrown) {
      return thrown instanceof LabError ? `${thrown.code}: ${thrown.message} ${thrown.advice}` : `not foreseen: ${String(thrown)}`;
    }
  };
  const change = (make: (name: string) => string, action: (target: string) => void): string => {
    const target = make(`damaged-${Math.random()}`);
    action(target);
    return errorOf(target);
  };
  const index = 'model.safetensors.index.json';

  test.each<[string, (name: string) => string, (target: string) => void, RegExp]>([
    ['no folder', singleFile, (target) => rmSync(target, { recursive: true }), /^model-not-found: .*does not exist/],
    ['no config', singleFile, (target) => unlinkSync(path.join(target, 'config.json')), /^model-not-found: .*config\.json is missing/],
    [
      'a damaged config',
      singleFile,
      (target) => writeFileSync(path.join(target, 'config.json'), '{"a":'),
      /^model-unreadable: .*config\.json is not valid JSON/,
    ],
    [
      'a config that is a list',
      singleFile,
      (target) => writeFileSync(path.join(target, 'config.json'), '[]'),
      /^model-unreadable: .*config\.json is not valid JSON: it holds no object/,
    ],
    ['no weights', singleFile, (target) => unlinkSync(path.join(target, 'model.safetensors')), /^model-not-found: .*holds neither/],
    [
      'pickled weights only',
      singleFile,
      (target) => renameSync(path.join(target, 'model.safetensors'), path.join(target, 'pytorch_model.bin')),
      /^model-not-found: .*pytorch_model\.bin is pickled Python/,
    ],
    [
      'an adapter only',
      singleFile,
      (target) => renameSync(path.join(target, 'model.safetensors'), path.join(target, 'adapter_model.safetensors')),
      /^model-not-found: .*adapter_model\.safetensors changes another model/,
    ],
    [
      'cut weights',
      singleFile,
      (target) => truncateSync(path.join(target, 'model.safetensors'), 190),
      /^model-unreadable: .*model\.safetensors: it has 190 bytes/,
    ],
    [
      'a folder in the place of the weights',
      singleFile,
      (target) => {
        unlinkSync(path.join(target, 'model.safetensors'));
        mkdirSync(path.join(target, 'model.safetensors'));
      },
      /^model-data-missing: .*model\.safetensors is missing/,
    ],
    ['a missing part', sharded, (target) => unlinkSync(path.join(target, shard(2))), /^model-data-missing: .*00002-of-00002.* is missing/],
    [
      'a link that leads nowhere',
      sharded,
      (target) => {
        unlinkSync(path.join(target, shard(2)));
        symlinkSync('../blobs/gone', path.join(target, shard(2)));
      },
      /^model-data-missing: .*00002-of-00002.* is missing/,
    ],
    ['no index', sharded, (target) => unlinkSync(path.join(target, index)), /^model-not-found: .*holds neither/],
    [
      'a damaged index',
      sharded,
      (target) => truncateSync(path.join(target, index), 30),
      /^model-unreadable: .*index\.json is not valid JSON/,
    ],
    ['an index without a map', (name) => sharded(name, null), () => undefined, /^model-unreadable: .*no weight_map/],
    ['an index that is a list', (name) => sharded(name, [shard(1)]), () => undefined, /^model-unreadable: .*no weight_map/],
    ['an empty index', (name) => sharded(name, {}), () => undefined, /^model-unreadable: .*empty/],
    ['an index of numbers', (name) => sharded(name, { a: 1 }), () => undefined, /^model-unreadable: .*lie in 1,/],
    [
      'an index that leads out of the folder',
      (name) => sharded(name, { a: '../../x.safetensors' }),
      () => undefined,
      /^model-unreadable: .*no \.safetensors file of this folder/,
    ],
    [
      'an index that names an absent tensor',
      (name) => sharded(name, { a: shard(1), b: shard(1), c: shard(2), d: shard(2) }),
      () => undefined,
      /^model-unreadable: .*d should lie in model-00002-of-00002/,
    ],
    [
      'an index that forgets a tensor',
      (name) => sharded(name, { a: shard(1), c: shard(2) }),
      () => undefined,
      /^model-unreadable: .*model-00001-of-00002\.safetensors holds b, which the index does not name there/,
    ],
  ])('%s', (_what, make, action, expected) => {
    expect(change(make, action)).toMatch(expected);
  });

  test('a file in the place of the folder', () => {
    const file = path.join(folder, 'file');
    writeFileSync(file, '');
    expect(errorOf(file)).toMatch(/^model-not-found: .*is a file/);
  });
});
