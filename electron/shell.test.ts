import { describe, expect, test, vi } from 'vitest';
import type { LabHost } from './lab-host.ts';
import type { Port } from './rpc/port.ts';
import { startShell } from './shell.ts';
import { fakeElectron } from './testing/fake-electron.ts';

async function started(first = true) {
  const electron = fakeElectron(first);
  const attached: Port[] = [];
  const lab = { attach: (port: Port) => void attached.push(port), close: vi.fn(() => Promise.resolve()) } satisfies LabHost;
  const startLab = vi.fn(() => lab);
  const page = () => Promise.resolve(new Response('page'));
  startShell(electron.parts, { preload: '/preload.cjs', page, startLab });
  await new Promise(setImmediate);
  return { ...electron, lab, attached, startLab, page };
}

const own = { url: 'lab://app/index.html', parent: null };

describe('the shell', () => {
  test('registers its scheme and the sandbox before Electron is ready', async () => {
    const { calls } = await started();
    expect(calls).toEqual([
      'schemes [{"scheme":"lab","privileges":{"standard":true,"secure":true,"supportFetchAPI":true}}]',
      'sandbox',
      'ready',
      'menu',
    ]);
  });

  test('opens one locked-down window on its own page, and shows it when it is ready', async () => {
    const { windows, guards, page } = await started();
    expect(windows.map((window) => window.url)).toEqual(['lab://app/index.html']);
    expect(windows[0]?.options).toMatchObject({
      show: false,
      webPreferences: {
        preload: '/preload.cjs',
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
      },
    });
    expect(windows[0]?.shown).toBe(false);
    windows[0]?.emit('ready-to-show');
    expect(windows[0]?.shown).toBe(true);
    expect(guards['scheme lab']).toBe(page);
  });

  test.each([
    ['lab://app/index.html', false],
    ['lab://application/', true],
    ['https://example.com/', true],
    ['file:///etc/passwd', true],
    ['javascript:alert(1)', true],
  ])('a frame that would go to %s is stopped: %s', async (url, stopped) => {
    const { windows } = await started();
    for (const name of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      const preventDefault = vi.fn();
      windows[0]?.webContents.emit(name, { url, preventDefault });
      expect([name, preventDefault.mock.calls.length > 0]).toEqual([name, stopped]);
    }
  });

  test('opens no other window and no webview', async () => {
    const { windows } = await started();
    const contents = windows[0]?.webContents;
    expect(contents?.openHandler?.({ url: 'lab://app/index.html' })).toEqual({ action: 'deny' });
    const preventDefault = vi.fn();
    contents?.emit('will-attach-webview', { preventDefault });
    expect(preventDefault).toHaveBeenCalled();
  });

  test('grants no permission and loads nothing from elsewhere', async () => {
    const { guards } = await started();
    const decide = vi.fn();
    guards['request']?.(...([null, 'media', decide] as never[]));
    expect(decide.mock.calls).toEqual([[false]]);
    expect(guards['check']?.(...([null, 'media'] as never[]))).toBe(false);
    expect(guards['device']?.()).toBe(false);
    const cancelled = ['lab://app/a.js', 'https://example.com/a.js', 'file:///a.js', 'ws://127.0.0.1/'].map((url) => {
      const answer = vi.fn();
      guards['load']?.(...([{ url }, answer] as never[]));
      return answer.mock.calls[0] as unknown;
    });
    expect(cancelled).toEqual([[{ cancel: false }], [{ cancel: true }], [{ cancel: true }], [{ cancel: true }]]);
  });

  test('gives a port to its own main frame, with the nonce that was asked for', async () => {
    const { ipcMain, windows, channels, attached } = await started();
    const sender = windows[0]?.webContents;
    ipcMain.emit('connect', { senderFrame: own, sender }, 'nonce-1');
    expect(sender?.sent).toEqual([['port', 'nonce-1', [channels[0]?.port2]]]);
    expect(attached).toHaveLength(1);
  });

  test.each([
    ['a foreign page', { url: 'https://evil.example/', parent: null }, 'n'],
    ['a frame inside the page', { url: 'lab://app/index.html', parent: {} }, 'n'],
    ['a frame that is gone', null, 'n'],
    ['a nonce that is no text', own, { a: 1 }],
    ['a nonce that is too long', own, 'x'.repeat(101)],
  ])('gives none to %s', async (_who, senderFrame, nonce) => {
    const { ipcMain, windows, channels, attached } = await started();
    ipcMain.emit('connect', { senderFrame, sender: windows[0]?.webContents }, nonce);
    expect([windows[0]?.webContents.sent, channels, attached]).toEqual([[], [], []]);
  });

  test("passes messages between Electron's port and the lab, and the end as well", async () => {
    const { ipcMain, windows, channels, attached } = await started();
    ipcMain.emit('connect', { senderFrame: own, sender: windows[0]?.webContents }, 'n');
    const [port] = attached;
    const near = channels[0]?.port1;
    const heard: unknown[] = [];
    port?.listen((message) => heard.push(message));
    const ended = vi.fn();
    port?.onClose(ended);
    expect(near?.started).toBe(true);
    near?.emit('message', { data: { a: NaN }, ports: [] });
    port?.post('answer');
    expect([heard, near?.sent]).toEqual([[{ a: NaN }], ['answer']]);
    near?.emit('close');
    port?.post('too late');
    expect([ended.mock.calls.length, near?.sent]).toEqual([1, ['answer']]);
  });

  test('a window that died is loaded again, but not over and over', async () => {
    const { windows } = await started();
    const contents = windows[0]?.webContents;
    contents?.emit('render-process-gone', {}, { reason: 'clean-exit' });
    expect(contents?.reloads).toBe(0);
    contents?.emit('render-process-gone', {}, { reason: 'crashed' });
    contents?.emit('render-process-gone', {}, { reason: 'crashed' });
    expect(contents?.reloads).toBe(1);
  });

  test('quits when its window is closed, after the lab is', async () => {
    const { app, calls, lab } = await started();
    app.emit('window-all-closed');
    expect(calls.at(-1)).toBe('quit');
    const preventDefault = vi.fn();
    app.emit('will-quit', { preventDefault });
    expect([preventDefault.mock.calls.length, lab.close.mock.calls.length]).toEqual([1, 1]);
    await new Promise(setImmediate);
    expect(calls.filter((call) => call === 'quit')).toHaveLength(2);
    app.emit('will-quit', { preventDefault });
    expect(preventDefault).toHaveBeenCalledTimes(1);
  });

  test('a second start opens nothing and brings the first one forward', async () => {
    const second = await started(false);
    expect([second.calls, second.windows, second.startLab.mock.calls]).toEqual([['quit'], [], []]);
    const first = await started();
    first.app.emit('second-instance');
    expect(first.windows[0]?.focused).toBe(true);
    first.app.emit('activate');
    expect(first.windows).toHaveLength(1);
    first.windows[0]?.emit('closed');
    first.app.emit('activate');
    expect(first.windows).toHaveLength(2);
  });
});
