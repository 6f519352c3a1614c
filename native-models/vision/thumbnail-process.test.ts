import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Thumbnails } from './thumbnail-process.ts';

const image = (name: string): string => path.join(import.meta.dirname, 'fixtures/images', name);

let folder: string;
let made: Thumbnails[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-thumbnails-'));
  made = [];
});
afterEach(async () => {
  await Promise.all(made.map((thumbnails) => thumbnails.close()));
  rmSync(folder, { recursive: true, force: true });
});

function thumbnails(options: ConstructorParameters<typeof Thumbnails>[0] = {}): Thumbnails {
  const one = new Thumbnails(options);
  made.push(one);
  return one;
}

/** A process that answers with the size, and dies or falls silent at names that say so. */
function playedWorker(): string {
  const file = path.join(folder, 'worker.mjs');
  writeFileSync(
    file,
    `process.on('message', ({ file, size }) => {
      if (file === 'crash') process.kill(process.pid, 'SIGSEGV');
      else if (file !== 'silent') process.send({ bytes: new Uint8Array([size]) });
    });`,
  );
  return file;
}
const gone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

test('a picture is decoded in another process, and a broken one says why', { timeout: 30_000 }, async () => {
  const one = thumbnails();
  expect(one.pid).toBeUndefined();
  const [bytes, broken] = await Promise.all([
    one.make(image('colour.png'), 10),
    one.make(image('cut.jpg'), 10).catch((thrown: unknown) => thrown),
  ]);
  expect((await sharp(bytes).metadata()).format).toBe('webp');
  expect(broken).toMatchObject({ code: 'image-unreadable' });
  expect(one.pid).not.toBe(process.pid);
});

test('a crash is the error of the picture that caused it', async () => {
  const one = thumbnails({ worker: playedWorker() });
  const [before, crash, after] = await Promise.allSettled([one.make('a', 1), one.make('crash', 2), one.make('b', 3)]);
  expect([before, after]).toEqual([
    { status: 'fulfilled', value: new Uint8Array([1]) },
    { status: 'fulfilled', value: new Uint8Array([3]) },
  ]);
  expect(crash).toMatchObject({ reason: { code: 'image-unreadable', message: expect.stringMatching(/^crash: .*SIGSEGV/) as string } });
});

test('a picture that takes too long is given up', async () => {
  const one = thumbnails({ worker: playedWorker(), patience: 300 });
  const [silent, after] = await Promise.allSettled([one.make('silent', 1), one.make('b', 3)]);
  expect(silent).toMatchObject({ reason: { code: 'image-unreadable', message: 'silent: it took longer than 0.3 seconds' } });
  expect(after).toMatchObject({ value: new Uint8Array([3]) });
});

test('the process ends when nothing is asked of it, and starts again', async () => {
  const one = thumbnails({ worker: playedWorker(), idle: 50 });
  await one.make('a', 1);
  const first = one.pid!;
  await expect.poll(() => gone(first)).toBe(true);
  expect(one.pid).toBeUndefined();
  expect(await one.make('a', 2)).toEqual(new Uint8Array([2]));
  expect(one.pid).not.toBe(first);
});

test('who no longer waits is not served; closing ends all', async () => {
  const one = thumbnails({ worker: playedWorker() });
  const controller = new AbortController();
  const silent = one.make('silent', 1);
  const given = one.make('a', 2, controller.signal);
  controller.abort();
  await expect(given).rejects.toMatchObject({ code: 'cancelled' });
  const pid = one.pid!;
  const closed = one.close();
  await expect(silent).rejects.toMatchObject({ code: 'cancelled' });
  await closed;
  expect(gone(pid)).toBe(true);
  await expect(one.make('a', 1)).rejects.toMatchObject({ code: 'cancelled' });
});
