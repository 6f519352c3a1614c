/** `npm start` as a process, in the browser's case: no display, and a home of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';

const home = mkdtempSync(path.join(os.tmpdir(), 'candor-start-'));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));

function start(args: readonly string[], env: Record<string, string>) {
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, ...outer } = process.env;
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'start.ts'), ...args], {
    env: { ...outer, HOME: home, USERPROFILE: home, XDG_DATA_HOME: home, APPDATA: home, LOCALAPPDATA: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, ended, lines, err: () => err };
}

describe('npm start', () => {
  test.skipIf(process.platform === 'win32')(
    'without a display it says why, serves the lab, prints the address, and Ctrl-C ends it cleanly',
    async () => {
      const { child, ended, lines, err } = start([], process.platform === 'linux' ? {} : { CANDOR_SHELL: 'browser' });
      const { value } = await lines.next();
      const [, url = ''] = /^Candor: (http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/)$/.exec(String(value)) ?? [];
      expect(url).not.toBe('');
      if (process.platform === 'linux') expect(err()).toContain('No Electron window (there is no display)');
      const page = await fetch(url);
      expect([page.status, (await page.text()).includes('<title>Candor</title>')]).toEqual([200, true]);
      child.kill('SIGINT');
      expect(await ended).toBe(0);
      await expect(fetch(url)).rejects.toThrow();
    },
    120_000,
  );

  test.each([
    [['--port', '70000'], {}, 2, '"70000" is no port'],
    [['--nonsense'], {}, 2, '--nonsense'],
    [[], { CANDOR_SHELL: 'window' }, 2, 'CANDOR_SHELL cannot be "window"'],
  ])('%j with %j ends with status %i', async (args, env, status, words) => {
    const { ended, err } = start(args, env);
    expect(await ended).toBe(status);
    expect(err()).toContain(words);
  });

  test.runIf(process.platform === 'linux')('Electron alone, where it cannot be had, is an error that says why', async () => {
    const { ended, err } = start([], { CANDOR_SHELL: 'electron' });
    expect(await ended).toBe(1);
    expect(err()).toContain('Electron cannot be used: there is no display');
  });

  test('its help names what it takes', async () => {
    const { ended, lines } = start(['--help'], {});
    expect((await lines.next()).value).toContain('npm start');
    expect(await ended).toBe(0);
  });
});
