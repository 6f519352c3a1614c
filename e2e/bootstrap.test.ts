/** bootstrap.mjs in projects of a few files, with an npm that is played: it "installs" this Node and keeps an account. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Plays `npm ci`: removes node_modules, takes a moment, puts a Node there. What it was called with goes into a log. */
const npm = `
import { appendFileSync, chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
appendFileSync('npm.log', JSON.stringify({ args: process.argv.slice(2), cuda: process.env.ONNXRUNTIME_NODE_INSTALL }) + '\\n');
console.log('npm says something on stdout');
if (readFileSync('package.json', 'utf8').includes('unreachable')) process.exit(1);
rmSync('node_modules', { recursive: true, force: true });
await new Promise((resolve) => setTimeout(resolve, 300));
const node = path.resolve('node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
mkdirSync(path.dirname(node), { recursive: true });
writeFileSync(node, '#!/bin/sh\\nexec "' + process.execPath + '" "$@"\\n');
chmodSync(node, 0o755);
`;

/** Stands in for the command line: says what it was given, and ends as it is told. */
const main = `
const [first] = process.argv.slice(2).filter((word) => word !== 'demo');
if (first === 'wait') {
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(9));
  setInterval(() => undefined, 1000);
}
if (first === 'kill') process.kill(process.pid, 'SIGKILL');
if (first === 'exit') process.exitCode = 3;
console.log(JSON.stringify(process.argv.slice(2)));
`;

function project(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'candor-bootstrap-'));
  folders.push(folder);
  cpSync(path.join(import.meta.dirname, '../bootstrap.mjs'), path.join(folder, 'bootstrap.mjs'));
  mkdirSync(path.join(folder, 'electron/cli'), { recursive: true });
  mkdirSync(path.join(folder, 'npm'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(
    path.join(folder, 'package-lock.json'),
    JSON.stringify({ packages: { '': {}, 'node_modules/node': { version: '24.0.0' } } }),
  );
  writeFileSync(path.join(folder, 'electron/cli/main.ts'), main);
  writeFileSync(path.join(folder, 'npm/npm-cli.js'), npm);
  return folder;
}

function start(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess & { out(): string; err(): string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [path.join(folder, 'bootstrap.mjs'), ...args], {
    cwd: os.tmpdir(),
    env: { ...process.env, npm_execpath: path.join(folder, 'npm/npm-cli.js'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return Object.assign(child, { out: () => out, err: () => err, ended });
}

const installs = (folder: string): unknown[] =>
  existsSync(path.join(folder, 'npm.log'))
    ? readFileSync(path.join(folder, 'npm.log'), 'utf8')
        .trim()
        .split('\n')
        .map((entry): unknown => JSON.parse(entry))
    : [];

describe('bootstrap', () => {
  test('installs once, says so on stderr alone, and goes on with the arguments as they are', async () => {
    const folder = project();
    const first = start(folder, ['candor', 'run', 'lie', '--json', 'a b', '$HOME', '"']);
    expect([await first.ended, first.out()]).toEqual([0, `${JSON.stringify(['run', 'lie', '--json', 'a b', '$HOME', '"'])}\n`]);
    expect(first.err()).toContain('installing packages');
    expect(installs(folder)).toEqual([
      { args: ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund', '--no-progress'], cuda: 'skip' },
    ]);
    // The best of a few: other tests run beside this one.
    const times: number[] = [];
    for (let again = 0; again < 4; again += 1) {
      const begun = performance.now();
      const second = start(folder, ['candor', 'exit']);
      expect([await second.ended, second.out(), second.err()]).toEqual([3, '["exit"]\n', '']);
      times.push(performance.now() - begun);
    }
    expect(Math.min(...times)).toBeLessThan(1000);
    expect(installs(folder)).toHaveLength(1);
  });

  test.each([
    [
      ['demo', '--json'],
      ['demo', '--json'],
    ],
    [
      ['probes', 'list'],
      ['probes', 'list'],
    ],
    [['candor'], []],
    [[], []],
  ])('%j becomes the command line %j', async (args, words) => {
    const run = start(project(), args);
    expect([await run.ended, JSON.parse(run.out())]).toEqual([0, words]);
  });

  test('installs again when the lock file has changed, and when the Node is gone', async () => {
    const folder = project();
    await start(folder, []).ended;
    writeFileSync(
      path.join(folder, 'package-lock.json'),
      JSON.stringify({ packages: { '': {}, 'node_modules/node': { version: '24.0.1' } } }),
    );
    await start(folder, []).ended;
    expect(installs(folder)).toHaveLength(2);
    rmSync(path.join(folder, 'node_modules/node'), { recursive: true });
    await start(folder, []).ended;
    expect(installs(folder)).toHaveLength(3);
  });

  test("takes over what was installed by hand, told by npm's own account of it", async () => {
    const folder = project();
    await start(folder, []).ended;
    rmSync(path.join(folder, 'node_modules/.candor-setup'));
    const account = (version: string) =>
      writeFileSync(
        path.join(folder, 'node_modules/.package-lock.json'),
        JSON.stringify({ packages: { 'node_modules/node': { version } } }),
      );
    account('24.0.0');
    await start(folder, []).ended;
    expect(installs(folder)).toHaveLength(1);
    rmSync(path.join(folder, 'node_modules/.candor-setup'));
    account('23.0.0');
    await start(folder, []).ended;
    expect(installs(folder)).toHaveLength(2);
  });

  test('two at once install once, and both go on', async () => {
    const folder = project();
    const runs = [start(folder, ['a']), start(folder, ['b']), start(folder, ['c'])];
    expect(await Promise.all(runs.map((run) => run.ended))).toEqual([0, 0, 0]);
    expect(runs.map((run) => run.out())).toEqual(['["a"]\n', '["b"]\n', '["c"]\n']);
    expect(installs(folder)).toHaveLength(1);
  });

  test('takes over the lock of a set-up that was killed', async () => {
    const folder = project();
    const killed = start(folder, ['a']);
    await vi.waitFor(() => expect(installs(folder)).toHaveLength(1), 5000);
    killed.kill('SIGKILL');
    await killed.ended;
    const next = start(folder, ['b']);
    expect([await next.ended, next.out()]).toEqual([0, '["b"]\n']);
  });

  test('a failed installation ends with status 1 and what to do, and the next start tries again', async () => {
    const folder = project();
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module","name":"unreachable"}');
    const failed = start(folder, ['a']);
    expect([await failed.ended, failed.out()]).toEqual([1, '']);
    expect(failed.err()).toContain('`npm ci` failed');
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    expect(await start(folder, ['a']).ended).toBe(0);
  });

  test.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 9],
  ] as const)('%s reaches the program, whose status %i is kept', async (signal, status) => {
    const folder = project();
    const run = start(folder, ['wait']);
    await vi.waitFor(() => expect(run.out()).toBe('["wait"]\n'), 10_000);
    run.kill(signal);
    expect(await run.ended).toBe(status);
  });

  test.skipIf(process.platform === 'win32')('a program that a signal ended has the status of shells', async () => {
    expect(await start(project(), ['kill']).ended).toBe(137);
  });
});
