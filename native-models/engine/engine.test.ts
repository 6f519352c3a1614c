import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { ModelRequest } from '../../probes/request.ts';
import { openEngine, type EngineClient } from './client.ts';

let engine: EngineClient | null = null;
afterEach(async () => {
  await engine?.close();
  engine = null;
});

const request = (words: number): ModelRequest => ({
  kind: 'score',
  key: 'k',
  prompt: { text: `Q: ${'Paris '.repeat(words)}\nA:` },
  continuations: ['Yes', 'No'],
});

test('an engine answers as the model itself does', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const [reply] = await engine.answer([request(3)]);
  expect(reply).toMatchObject({ kind: 'score', key: 'k', refused: null, continuations: [{ text: 'Yes' }, { text: 'No' }] });
});

test('an error of the model keeps its code on the way', async () => {
  await expect(openEngine('/nowhere/at/all', { threads: 1 })).rejects.toMatchObject({ code: 'model-not-found' });
});

test('cancelling acts within a second, and the engine goes on afterwards', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const controller = new AbortController();
  const long = engine.answer(
    Array.from({ length: 400 }, (_, index) => request(200 + (index % 50))),
    controller.signal,
  );
  setTimeout(() => controller.abort(), 300);
  const began = performance.now();
  await expect(long).rejects.toMatchObject({ code: 'cancelled' });
  expect(performance.now() - began).toBeLessThan(1300);
  expect(await engine.answer([request(2)])).toHaveLength(1);
});

test('a killed engine is a clear error on the call that was going on, and on later ones', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const call = engine.answer(Array.from({ length: 200 }, () => request(300)));
  setTimeout(() => process.kill(engine!.pid!, 'SIGKILL'), 100);
  await expect(call).rejects.toMatchObject({ code: 'engine-crashed', advice: expect.stringContaining('stored') as string });
  await expect(engine.answer([request(1)])).rejects.toMatchObject({ code: 'engine-crashed' });
  expect(engine.alive).toBe(false);
});

test('a crash is told apart from a lack of memory', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const call = engine.answer(Array.from({ length: 200 }, () => request(300)));
  setTimeout(() => process.kill(engine!.pid!, 'SIGSEGV'), 100);
  await expect(call).rejects.toMatchObject({ code: 'engine-crashed' });
});

const limits = spawnSync('prlimit', ['--version']).status === 0;
test.skipIf(!limits)('an engine that may take no more memory says so (SKIPPED without prlimit)', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const now = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))![1];
  spawnSync('prlimit', ['--pid', String(engine.pid), `--as=${1024 * Number(now)}`]);
  const call = engine.answer(Array.from({ length: 200 }, (_, index) => request(500 + index)));
  await expect(call).rejects.toMatchObject({ code: 'engine-out-of-memory' });
});

test('who gives up a call takes the engine from nobody else', async () => {
  engine = await openEngine('liar', { threads: 1 });
  const controller = new AbortController();
  const given = engine.answer(
    Array.from({ length: 400 }, (_, index) => request(300 + (index % 50))),
    controller.signal,
  );
  const other = engine.answer([request(2)]);
  setTimeout(() => controller.abort(), 100);
  await expect(given).rejects.toMatchObject({ code: 'cancelled' });
  expect(await other).toHaveLength(1);
  expect(engine.alive).toBe(true);
});

test('giving up while a model is opened ends the process at once', async () => {
  const controller = new AbortController();
  const opening = openEngine('liar', { threads: 1, signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  const began = performance.now();
  await expect(opening).rejects.toMatchObject({ code: 'cancelled' });
  expect(performance.now() - began).toBeLessThan(1000);
});
