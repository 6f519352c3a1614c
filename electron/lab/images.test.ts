import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LabError } from '../../probes/lab-error.ts';
import { loadData } from './data.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-labelled-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The data layer never looks into an image, so any bytes will do. */
function put(...names: string[]): void {
  for (const name of names) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `bytes of ${name}`);
  }
}
const pairs = (source = folder): unknown => loadData(source).dataset.images!.items.map(({ id, label }) => [id, label]);
const code = (source = folder): string => {
  try {
    loadData(source);
    return 'nothing';
  } catch (thrown) {
    return thrown instanceof LabError ? thrown.code : String(thrown);
  }
};

describe('a folder', () => {
  test('of class folders: sorted, at any depth, without what is no image', () => {
    put('dog/b.PNG', 'dog/a.jpg', 'cat/deep/er/c.webp', 'cat/.hidden.jpg', 'cat/notes.txt', 'README.md', '.git/x.png', 'dog/moving.gif');
    mkdirSync(path.join(folder, 'owl'));
    const { dataset, ref, preview } = loadData(folder);
    expect(pairs()).toEqual([
      ['cat/deep/er/c.webp', 'cat'],
      ['dog/a.jpg', 'dog'],
      ['dog/b.PNG', 'dog'],
      ['dog/moving.gif', 'dog'],
    ]);
    expect(dataset.images!.labels).toEqual(['cat', 'dog', 'owl']);
    expect(dataset.images!.items[0]!.path).toBe(path.join(folder, 'cat/deep/er/c.webp'));
    expect(ref).toMatchObject({ kind: 'images', source: folder, name: path.basename(folder), count: 4 });
    expect(preview).toMatchObject({
      columns: ['path', 'label'],
      categories: [
        { name: 'dog', count: 3 },
        { name: 'cat', count: 1 },
      ],
    });
    expect(preview.rows[1]).toEqual(['dog/a.jpg', 'dog']);
  });

  test('of ImageNet file names', () => {
    put('n04264628_space_bar.JPEG', 'n01440764_tench.JPEG', 'list.csv');
    expect(pairs()).toEqual([
      ['n01440764_tench.JPEG', 'n01440764'],
      ['n04264628_space_bar.JPEG', 'n04264628'],
    ]);
  });

  test('a class folder may be a link; circles are not walked', () => {
    put('dog/a.jpg', 'elsewhere-cats/b.jpg');
    symlinkSync(path.join(folder, 'elsewhere-cats'), path.join(folder, 'cat'));
    symlinkSync(folder, path.join(folder, 'dog/around'));
    expect(pairs()).toEqual([
      ['cat/b.jpg', 'cat'],
      ['dog/a.jpg', 'dog'],
      ['elsewhere-cats/b.jpg', 'elsewhere-cats'],
    ]);
  });

  test('without images, with images of no class, or missing', () => {
    expect(code()).toBe('dataset-empty');
    put('a.jpg');
    expect(code()).toBe('dataset-label');
    put('dog/b.jpg');
    expect(code()).toBe('dataset-label');
    expect(code(path.join(folder, 'nowhere'))).toBe('dataset-not-found');
  });
});

describe('a CSV', () => {
  const csv = (text: string): string => {
    const file = path.join(folder, 'list.csv');
    writeFileSync(file, text);
    return file;
  };

  test('with paths below its folder or from the root; files that are missing stay in', () => {
    put('x/a.jpg');
    const file = csv(`split,path,label\ntest,x/a.jpg,cat\ntest,"${path.join(folder, 'b.png')}",7\ntest,gone.jpg,cat\n`);
    expect(loadData(file).dataset.images!.items).toEqual([
      { id: 'x/a.jpg', path: path.join(folder, 'x/a.jpg'), label: 'cat' },
      { id: path.join(folder, 'b.png'), path: path.join(folder, 'b.png'), label: '7' },
      { id: 'gone.jpg', path: path.join(folder, 'gone.jpg'), label: 'cat' },
    ]);
    expect(loadData(file).dataset.images!.labels).toEqual(['7', 'cat']);
  });

  test('with cells that are empty or paths that come twice', () => {
    expect(code(csv('path,label\n,cat\n'))).toBe('dataset-rows');
    expect(code(csv('path,label\na.jpg,\n'))).toBe('dataset-label');
    expect(code(csv('path,label\na.jpg,cat\na.jpg,dog\n'))).toBe('dataset-rows');
    expect(code(csv('path,class\na.jpg,cat\n'))).toBe('dataset-columns');
  });
});

describe('the fingerprint', () => {
  const sha = (source = folder): string => loadData(source).ref.sha256;

  test('stays with a copy, and changes with a name, a class, a byte or a missing file', () => {
    put('dog/a.jpg', 'cat/b.jpg');
    const before = sha();
    const copy = `${folder}-copy`;
    cpSync(folder, copy, { recursive: true });
    expect(sha(copy)).toBe(before);
    rmSync(copy, { recursive: true });
    utimesSync(path.join(folder, 'dog/a.jpg'), 1, 1);
    expect(sha()).toBe(before);
    writeFileSync(path.join(folder, 'dog/a.jpg'), 'bytes of dog/A.jpg');
    const changed = sha();
    expect(changed).not.toBe(before);
    rmSync(path.join(folder, 'dog/a.jpg'));
    put('dog/c.jpg');
    expect(new Set([before, changed, sha()]).size).toBe(3);
  });

  test('sees the beginning, the end and the size of large files', () => {
    const large = Buffer.alloc(100_000, 1);
    put('dog/a.jpg');
    const write = (bytes: Buffer): string => {
      writeFileSync(path.join(folder, 'dog/a.jpg'), bytes);
      return sha();
    };
    const with2 = (at: number): Buffer => Buffer.from(large.map((byte, index) => (index === at ? 2 : byte)));
    const all = [write(large), write(with2(0)), write(with2(99_999)), write(large.subarray(1))];
    expect(new Set(all).size).toBe(4);
  });

  test('of a CSV, covers its images', () => {
    put('a.jpg');
    const file = path.join(folder, 'list.csv');
    writeFileSync(file, 'path,label\na.jpg,cat\n');
    const before = sha(file);
    put('b.jpg');
    expect(sha(file)).toBe(before);
    writeFileSync(path.join(folder, 'a.jpg'), 'other bytes');
    expect(sha(file)).not.toBe(before);
  });
});
