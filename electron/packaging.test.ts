/**
 * The packager's configuration, held against what is really there. electron-builder itself cannot run everywhere (it fetches
 * Electron), so its file patterns are carried out here by hand, and what they gather is started.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildWhereStale } from './build.ts';
import type { ToLab } from './lab-wire.ts';
import { places } from './places.ts';
import { overProcess } from './rpc/wires.ts';

const project = path.join(import.meta.dirname, '..');

interface FileSet {
  readonly from: string;
  readonly to: string;
  readonly filter: readonly string[];
}
interface Manifest {
  readonly main: string;
  readonly dependencies: Record<string, string>;
  readonly build: {
    readonly asar: boolean;
    readonly npmRebuild: boolean;
    readonly files: readonly string[];
    readonly extraResources: readonly FileSet[];
    readonly electronFuses: Record<string, boolean>;
  };
}
interface Lock {
  readonly packages: Record<
    string,
    { readonly dependencies?: Record<string, string>; readonly optionalDependencies?: Record<string, string> }
  >;
}

const read = (file: string): unknown => JSON.parse(readFileSync(path.join(project, file), 'utf8'));
const manifest = read('package.json') as Manifest;
const lock = read('package-lock.json') as Lock;
const { build } = manifest;

/** What the lab's packages name as dependencies but does not run: each with the reason. */
const leftOut: Record<string, string> = {
  'onnxruntime-web': 'the other runtime of transformers.js, not imported on Node',
  'adm-zip': "onnxruntime-node's installer alone uses it",
  'global-agent': "onnxruntime-node's installer alone uses it",
  'node-addon-api': 'needed to compile better-sqlite3, which comes compiled',
};

/** A pattern of electron-builder's, for this machine. */
const expanded = (pattern: string): string => pattern.replaceAll('${platform}', process.platform).replaceAll('${arch}', process.arch);

/** The last pattern that matches decides, as in electron-builder. */
function takes(patterns: readonly string[], file: string): boolean {
  let taken = false;
  for (const pattern of patterns.map(expanded)) {
    if (pattern.startsWith('!')) taken &&= !path.matchesGlob(file, pattern.slice(1));
    else taken ||= path.matchesGlob(file, pattern);
  }
  return taken;
}

/** Files below a folder, with `/` between names; folders whose name no pattern begins with are not walked. */
async function gathered(set: FileSet): Promise<string[]> {
  const base = path.join(project, set.from);
  const heads = new Set(set.filter.map((pattern) => expanded(pattern).split('/')[0]));
  const found: string[] = [];
  for (const entry of await readdir(base, { withFileTypes: true })) {
    if (![...heads].some((head) => head !== undefined && path.matchesGlob(entry.name, head))) continue;
    if (entry.isFile()) found.push(entry.name);
    else if (entry.isDirectory()) {
      for (const below of await readdir(path.join(base, entry.name), { recursive: true, withFileTypes: true })) {
        if (below.isFile()) found.push(path.relative(base, path.join(below.parentPath, below.name)).replaceAll('\\', '/'));
      }
    }
  }
  return found.filter((file) => takes(set.filter, file));
}

let resources = '';
let all: Record<string, string[]> = {};

beforeAll(async () => {
  await buildWhereStale(['shell'], () => undefined);
  resources = await mkdtemp(path.join(os.tmpdir(), 'candor-package-'));
  all = Object.fromEntries(await Promise.all(build.extraResources.map(async (extra) => [extra.to, await gathered(extra)] as const)));
  for (const extra of build.extraResources) {
    for (const file of all[extra.to] ?? []) {
      const [from, to] = [path.join(project, extra.from, file), path.join(resources, extra.to, file)];
      await mkdir(path.dirname(to), { recursive: true });
      // A second name for the same file costs nothing; another disk needs a copy.
      await link(from, to).catch(() => copyFile(from, to));
    }
  }
}, 120_000);
afterAll(() => rm(resources, { recursive: true, force: true }));

describe('packaging', () => {
  test('the archive holds what main needs, and no native module', () => {
    expect(existsSync(path.join(project, manifest.main))).toBe(true);
    for (const file of [manifest.main, 'dist/electron/preload.cjs', 'dist/renderer/index.html', 'package.json'])
      expect([file, takes(build.files, file)]).toEqual([file, true]);
    for (const file of ['node_modules/ws/index.js', 'electron/main.ts', 'dist/renderer/a.js.map', 'db/open.ts'])
      expect([file, takes(build.files, file)]).toEqual([file, false]);
    expect([build.asar, build.npmRebuild]).toEqual([true, false]);
  });

  test('the built main needs nothing but Electron and Node, so the archive needs no node_modules', () => {
    const source = readFileSync(path.join(project, manifest.main), 'utf8');
    const imported = [...source.matchAll(/^import .* from "([^"]+)";$/gm)].map((match) => match[1] ?? '');
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !/^(electron(\/main)?|node:\w+(\/\w+)?|path)$/.test(name))).toEqual([]);
  });

  test('every fuse is as the checklist wants it', () => {
    expect(build.electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      grantFileProtocolExtraPrivileges: false,
      onlyLoadAppFromAsar: true,
      enableEmbeddedAsarIntegrityValidation: true,
      enableCookieEncryption: true,
      resetAdHocDarwinSignature: true,
    });
  });

  test('each package that the lab runs is beside it, and no other', () => {
    const needed = new Set<string>();
    const visit = (name: string): void => {
      if (needed.has(name) || name in leftOut) return;
      needed.add(name);
      const entry = lock.packages[`node_modules/${name}`];
      for (const next of Object.keys(entry?.dependencies ?? {})) visit(next);
      for (const next of Object.keys(entry?.optionalDependencies ?? {})) {
        if (existsSync(path.join(project, 'node_modules', next)) && !next.includes('musl')) visit(next);
      }
    };
    for (const name of Object.keys(manifest.dependencies)) visit(name);
    const packed = new Set(
      (all['lab/node_modules'] ?? []).map((file) =>
        file
          .split('/')
          .slice(0, file.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
    );
    expect([...packed].toSorted()).toEqual([...needed].toSorted());
  });

  test('native libraries of this platform are there, and of no other', () => {
    const native = (all['lab/node_modules'] ?? []).filter((file) => /\.(node|so|dylib|dll)(\.[\d.]+)?$/.test(file));
    const target = `${process.platform}-${process.arch}`;
    expect(native).toContain(`better-sqlite3/prebuilds/${target}.node`);
    expect(native).toContain(`onnxruntime-node/bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`);
    expect(native.some((file) => /libonnxruntime|onnxruntime\.dll/.test(file))).toBe(true);
    const foreign = native.filter((file) => !file.includes(target) && !file.includes(`${process.platform}/${process.arch}`));
    expect(foreign).toEqual([]);
  });

  test('the lab comes without tests, training and the parts of Electron', () => {
    const lab = all['lab'] ?? [];
    expect(lab.filter((file) => /\.test\.ts$|\/testing\/|\.py$|\/fixtures\//.test(file))).toEqual([]);
    for (const file of ['package.json', 'electron/lab-process.ts', 'electron/lab-door.ts', 'electron/rpc/serve.ts', 'probes/lab-error.ts'])
      expect(lab).toContain(file);
    expect(lab).not.toContain('electron/main.ts');
  });

  test('what was gathered runs: the lab answers from the packaged places', async () => {
    const { node, labProcess } = places(path.join(resources, 'app.asar/dist/electron'), resources, process.platform);
    const home = path.join(resources, 'home');
    await mkdir(home);
    const env = { ...process.env, HOME: home, USERPROFILE: home, XDG_DATA_HOME: home, APPDATA: home, LOCALAPPDATA: home };
    const child = fork(labProcess, [], { execPath: node, env, cwd: home, execArgv: [] });
    const channel = overProcess(child);
    const ended = once(child, 'exit');
    const replies: unknown[] = [];
    const answered = new Promise<void>((resolve) => {
      channel.listen((message) => {
        replies.push(message);
        if (replies.length === 2) resolve();
      });
    });
    const say = (message: ToLab): void => channel.post(message);
    say({ type: 'open', window: 1 });
    say({ type: 'message', window: 1, message: { type: 'call', id: 1, call: 'lab.info', input: {} } });
    // Opening an embedded model loads onnxruntime and its graph.
    say({ type: 'message', window: 1, message: { type: 'call', id: 2, call: 'models.inspect', input: { source: 'honest' } } });
    await Promise.race([answered, ended]);
    say({ type: 'quit' });
    await ended;
    expect(replies).toMatchObject([
      { message: { ok: true, value: { shell: 'electron' } } },
      { message: { ok: true, value: { name: 'honest' } } },
    ]);
  }, 60_000);
});
