import { expect, describe, test } from 'vitest';
import { fetchElectron, whyNoWindow, type Machine } from './desktop.ts';
import { browserCommand } from './open-browser.ts';
import { places } from './places.ts';

const machine = (platform: NodeJS.Platform, env: Record<string, string>, user: number | null = 1000): Machine => ({ platform, env, user });

describe('the desktop', () => {
  test.each([
    [machine('linux', {}), 'there is no display'],
    [machine('linux', { DISPLAY: '' }), 'there is no display'],
    [machine('linux', { DISPLAY: ':0' }), null],
    [machine('linux', { WAYLAND_DISPLAY: 'wayland-0' }), null],
    [machine('linux', { DISPLAY: ':0' }, 0), "Electron's sandbox does not run as root"],
    [machine('darwin', {}, 501), null],
    [machine('win32', {}, null), null],
  ])('on %j a window cannot be opened because: %s', (on, reason) => {
    expect(whyNoWindow(on)).toBe(reason);
  });

  test('a mirror out of reach is told at once, in one line', async () => {
    const begun = Date.now();
    await expect(fetchElectron(60_000, { ELECTRON_MIRROR: 'https://no-such-host.invalid/electron/' })).resolves.toBe(
      'https://no-such-host.invalid/electron/ is out of reach',
    );
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test.each([
    ['linux', { DISPLAY: ':0' }, ['xdg-open', ['http://127.0.0.1:1/t/']]],
    ['linux', {}, null],
    ['darwin', {}, ['open', ['http://127.0.0.1:1/t/']]],
    ['win32', {}, ['rundll32', ['url.dll,FileProtocolHandler', 'http://127.0.0.1:1/t/']]],
  ] as const)('the browser of %s with %j is opened by %j', (platform, env, command) => {
    expect(browserCommand('http://127.0.0.1:1/t/', { platform, env })).toEqual(command);
  });

  test('main finds its parts in a checkout and in a packaged app', () => {
    const found = (...given: Parameters<typeof places>) =>
      Object.fromEntries(Object.entries(places(...given)).map(([name, place]) => [name, String(place).replaceAll('\\', '/')]));
    expect(found('/p/dist/electron', null, 'linux')).toEqual({
      preload: '/p/dist/electron/preload.cjs',
      window: '/p/dist/renderer',
      node: '/p/node_modules/node/bin/node',
      labProcess: '/p/electron/lab-process.ts',
    });
    expect(found('/r/app.asar/dist/electron', '/r', 'win32')).toEqual({
      preload: '/r/app.asar/dist/electron/preload.cjs',
      window: '/r/app.asar/dist/renderer',
      node: '/r/node/node.exe',
      labProcess: '/r/lab/electron/lab-process.ts',
    });
  });
});
