/** The built preload, run as Electron runs a sandboxed one: as a function body whose `require` knows only 'electron'. */
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWhereStale } from './build.ts';

let source = '';
beforeAll(async () => {
  await buildWhereStale(['shell'], () => undefined);
  source = await readFile(path.join(import.meta.dirname, '../dist/electron/preload.cjs'), 'utf8');
}, 120_000);

interface Shell {
  connect(nonce: unknown): void;
  pathOf(file: unknown): string;
}

function loaded() {
  const sent: unknown[][] = [];
  const ipcRenderer = Object.assign(new EventEmitter(), { send: (...message: unknown[]) => void sent.push(message) });
  const shown: Record<string, Shell> = {};
  const contextBridge = { exposeInMainWorld: (name: string, value: Shell) => void (shown[name] = value) };
  const posted: unknown[][] = [];
  const window = { postMessage: (...message: unknown[]) => void posted.push(message) };
  const required: string[] = [];
  const require = (name: string): unknown => {
    required.push(name);
    if (name !== 'electron') throw new Error(`module not found: ${name}`);
    return { ipcRenderer, contextBridge, webUtils: { getPathForFile: (file: unknown) => `path of ${String(file)}` } };
  };
  // eslint-disable-next-line no-new-func, @typescript-eslint/no-implied-eval -- this is how Electron loads it
  const run = new Function('require', 'process', 'exports', 'module', 'window', source) as (...given: unknown[]) => void;
  run(require, {}, {}, {}, window);
  return { sent, shown, posted, required, ipcRenderer };
}

describe('the built preload', () => {
  test("requires nothing but 'electron'", () => {
    expect(new Set(loaded().required)).toEqual(new Set(['electron']));
  });

  test('shows two functions to the page, and nothing of Electron', () => {
    const { shown } = loaded();
    expect(Object.keys(shown)).toEqual(['shell']);
    expect(Object.entries(shown['shell'] ?? {}).map(([name, value]) => [name, typeof value])).toEqual([
      ['connect', 'function'],
      ['pathOf', 'function'],
    ]);
    expect(shown['shell']?.connect('n')).toBeUndefined();
    expect(shown['shell']?.pathOf('a file')).toBe('path of a file');
  });

  test('asks main with the nonce, and nothing else', () => {
    const { shown, sent } = loaded();
    shown['shell']?.connect('n-1');
    shown['shell']?.connect({ toString: () => 'text' });
    expect(sent).toEqual([
      ['connect', 'n-1'],
      ['connect', 'text'],
    ]);
  });

  test('hands the port to the page without the event that it came with', () => {
    const { ipcRenderer, posted } = loaded();
    ipcRenderer.emit('port', { ports: ['the port'], sender: 'not for the page' }, 'n-1');
    expect(posted).toEqual([[{ type: 'lab-port', nonce: 'n-1' }, '*', ['the port']]]);
  });
});
