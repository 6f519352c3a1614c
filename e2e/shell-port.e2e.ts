/**
 * The window as Electron runs it: the built preload in the page, a real MessagePort between page and lab. Of Electron only
 * `ipcRenderer` is played, by a bridge from the port to the lab's socket.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, stringify } from 'devalue';
import { expect, test } from './lab.ts';

test('the window talks to the lab through the preload and a MessagePort', async ({ page, lab }) => {
  const preload = await readFile(path.join(import.meta.dirname, '../dist/electron/preload.cjs'), 'utf8');
  // The bridge needs the codec of the socket; the page has none to lend.
  const crossings: { to: number; from: number } = { to: 0, from: 0 };
  const socket = new WebSocket(new URL('rpc', lab.url).href.replace('http', 'ws'), {
    headers: { origin: new URL(lab.url).origin },
  } as unknown as string[]);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('the lab refused the bridge'));
  });
  await page.exposeFunction('toLab', (json: string) => {
    crossings.to += 1;
    socket.send(stringify(JSON.parse(json)));
  });
  socket.onmessage = (event) => {
    crossings.from += 1;
    void page
      .evaluate((json) => window.postMessage({ type: 'from-lab', json }, '*'), JSON.stringify(parse(String(event.data))))
      .catch(() => undefined);
  };
  await page.addInitScript((source) => {
    const listeners: Record<string, (event: unknown, nonce: string) => void> = {};
    const ipcRenderer = {
      on: (channel: string, listener: (event: unknown, nonce: string) => void) => {
        listeners[channel] = listener;
      },
      send: (channel: string, nonce: string) => {
        if (channel !== 'connect') throw new Error(`no channel ${channel}`);
        const { port1, port2 } = new MessageChannel();
        const { toLab } = window as unknown as { toLab(json: string): Promise<void> };
        port1.onmessage = (event) => void toLab(JSON.stringify(event.data));
        window.addEventListener('message', (event: MessageEvent<{ type?: string; json?: string }>) => {
          if (event.data.type === 'from-lab') port1.postMessage(JSON.parse(event.data.json ?? 'null'));
        });
        listeners['port']?.({ ports: [port2] }, nonce);
      },
    };
    const contextBridge = { exposeInMainWorld: (name: string, api: unknown) => Object.defineProperty(window, name, { value: api }) };
    const require = (name: string): unknown => {
      if (name !== 'electron') throw new Error(`module not found: ${name}`);
      return { ipcRenderer, contextBridge };
    };
    // eslint-disable-next-line no-new-func, @typescript-eslint/no-implied-eval -- this is how Electron loads a sandboxed preload
    const run = new Function('require', 'process', 'exports', 'module', source) as (...given: unknown[]) => void;
    run(require, {}, {}, {});
  }, preload);
  const sockets: string[] = [];
  page.on('websocket', (opened) => sockets.push(opened.url()));
  await page.goto(lab.url);
  await expect(page.locator('#app')).not.toBeEmpty();
  await expect.poll(() => crossings.from).toBeGreaterThan(0);
  expect(crossings.to).toBeGreaterThan(0);
  expect(await page.evaluate(() => Object.keys((window as unknown as { shell: object }).shell))).toEqual(['connect', 'pathOf']);
  expect(sockets).toEqual([]);
  socket.close();
});
