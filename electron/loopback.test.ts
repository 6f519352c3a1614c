import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { createClient } from './rpc/client.ts';
import { opened } from './rpc/wires.ts';
import { serveLoopback, type Loopback } from './loopback.ts';
import { info, smallLab, type SmallLab } from './testing/small-lab.ts';

let folder = '';
let lab: SmallLab;
let loopback: Loopback;
let base: URL;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'candor-loopback-'));
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>Candor</title>');
  lab = smallLab();
  loopback = await serveLoopback({ lab, pagesRoot: folder });
  base = new URL(loopback.url);
});
afterAll(async () => {
  await loopback.close();
  await rm(folder, { recursive: true });
});

/** The path as written: `fetch` and URL would tidy it first. */
function status(pathname: string, headers: Record<string, string> = {}, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: base.hostname, port: base.port, path: pathname, headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end();
  });
}

/** `open`, or the status that the upgrade was refused with. */
function socket(pathname: string, headers: Record<string, string>): Promise<string | number> {
  return new Promise((resolve) => {
    const ws = new NodeSocket(`ws://${base.host}${pathname}`, { headers });
    ws.on('open', () => {
      resolve('open');
      ws.terminate();
    });
    ws.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    ws.on('error', () => undefined);
  });
}

describe('the loopback server', () => {
  test('has an address on this computer alone, with a token of 256 bits', () => {
    expect(base.hostname).toBe('127.0.0.1');
    expect(base.pathname).toMatch(/^\/[\w-]{43}\/$/);
  });

  test('two servers have two tokens', async () => {
    const other = await serveLoopback({ lab, pagesRoot: folder });
    expect(new URL(other.url).pathname).not.toBe(base.pathname);
    await other.close();
  });

  test('serves the page behind the token, however often it is asked', async () => {
    for (const tail of ['', 'index.html', '?x#/runs']) {
      const answer = await fetch(loopback.url + tail);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  test('refuses a page without the token, with a wrong one, or with part of it', async () => {
    const token = base.pathname.slice(1, -1);
    const wrong = Buffer.from(token).reverse().toString();
    for (const pathname of [
      '/',
      '/index.html',
      `/${wrong}/`,
      `/${token.slice(0, -1)}/`,
      `/${token}x/`,
      `/?${token}`,
      `/%2f${token}/`,
      `//${token}/`,
      '*',
      `/${token}`,
    ]) {
      expect([pathname, await status(pathname)]).toEqual([pathname, 403]);
    }
  });

  test('nothing outside the window is served with the token', async () => {
    for (const tail of ['../package.json', '..%2f..%2fetc/passwd', '/etc/hosts.html', '//example.com/index.html']) {
      expect([tail, await status(base.pathname + tail)]).toEqual([tail, 404]);
    }
    expect(await status(base.pathname, {}, 'POST')).toBe(404);
  });

  test('refuses a foreign Host (DNS rebinding) and a foreign Origin', async () => {
    for (const host of ['evil.example', `evil.example:${base.port}`, 'localhost', `127.0.0.1:1`, '127.0.0.1']) {
      expect([host, await status(base.pathname, { host })]).toEqual([host, 403]);
    }
    for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:1`, `https://${base.host}`]) {
      expect([origin, await status(base.pathname, { origin })]).toEqual([origin, 403]);
    }
    expect(await status(base.pathname, { origin: base.origin })).toBe(200);
  });

  test('a socket needs the token, the Origin and the Host', async () => {
    const { origin, pathname } = base;
    await expect(socket(`${pathname}rpc`, { origin })).resolves.toBe('open');
    await expect(socket('/rpc', { origin })).resolves.toBe(403);
    await expect(socket(`/${'A'.repeat(43)}/rpc`, { origin })).resolves.toBe(403);
    await expect(socket(`${pathname}other`, { origin })).resolves.toBe(403);
    await expect(socket(`${pathname}rpc`, {})).resolves.toBe(403);
    await expect(socket(`${pathname}rpc`, { origin: 'https://evil.example' })).resolves.toBe(403);
    await expect(socket(`${pathname}rpc`, { origin: 'null' })).resolves.toBe(403);
    await expect(socket(`${pathname}rpc`, { origin, host: `evil.example:${base.port}` })).resolves.toBe(403);
  });

  test('carries calls, and its end is told to the windows by name', async () => {
    const other = await serveLoopback({ lab, pagesRoot: folder });
    const url = new URL('rpc', other.url);
    const dial = () => opened(new NodeSocket(url.href.replace('http', 'ws'), { origin: url.origin }));
    const client = createClient(dial, { backOff: [] });
    await expect(client.call('lab.info', {})).resolves.toEqual(info);
    const waiting = expect(client.call('models.forget', { source: 'x' })).rejects.toMatchObject({ message: 'the lab was stopped' });
    await vi.waitFor(() => expect(lab.listeners()).toBe(1));
    await other.close();
    await waiting;
    await vi.waitFor(() => expect(lab.listeners()).toBe(0));
    await expect(fetch(other.url)).rejects.toThrow();
  });

  test('a message that is too long or no message ends that connection and not the server', async () => {
    const ws = new NodeSocket(`ws://${base.host}${base.pathname}rpc`, { origin: base.origin });
    const closed = new Promise<number>((resolve) => ws.on('close', resolve));
    ws.on('open', () => ws.send('x'.repeat(5 * 2 ** 20)));
    ws.on('error', () => undefined);
    await expect(closed).resolves.toBe(1009);
    const second = new NodeSocket(`ws://${base.host}${base.pathname}rpc`, { origin: base.origin });
    const ended = new Promise((resolve) => second.on('close', resolve));
    second.on('open', () => second.send('{{{'));
    await ended;
    expect((await fetch(loopback.url)).status).toBe(200);
  });

  test.each(['TRACE', 'TRACK', 'CONNECT', 'OPTIONS', 'POST'])('a %s request is refused, and the server goes on', async (method) => {
    expect(await status(base.pathname, {}, method).catch(() => 400)).toBeGreaterThanOrEqual(400);
    expect(await status(base.pathname)).toBe(200);
  });

  test('a port that is taken is a usage error that names it', async () => {
    await expect(serveLoopback({ lab, pagesRoot: folder, port: Number(base.port) })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(base.port) as string,
    });
  });
});
