import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pages, type Pages } from './pages.ts';

let folder = '';
let page: Pages;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'candor-pages-'));
  const root = path.join(folder, 'window');
  await mkdir(path.join(root, 'assets'), { recursive: true });
  await mkdir(path.join(folder, 'window-other'));
  await writeFile(path.join(root, 'index.html'), '<!doctype html><title>x</title>');
  await writeFile(path.join(root, 'assets', 'a b.js'), 'export {}');
  await writeFile(path.join(root, 'secret.key'), 'no known type');
  await writeFile(path.join(folder, 'outside.html'), 'outside');
  await writeFile(path.join(folder, 'window-other', 'index.html'), 'outside');
  page = pages(root);
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['lab://app', 'http://127.0.0.1:1234'])('pages under %s', (origin) => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/index.html', 'text/html; charset=utf-8'],
    ['/index.html#/runs', 'text/html; charset=utf-8'],
    ['/assets/a%20b.js', 'text/javascript; charset=utf-8'],
  ])('%s is served with its type and every header', async (url, type) => {
    const answer = await page(new Request(origin + url));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(type);
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  });

  test.each([
    '/../outside.html',
    '/%2e%2e/outside.html',
    '/..%2foutside.html',
    '/..%2Foutside.html',
    '/assets/..%2f..%2foutside.html',
    '/..%5coutside.html',
    '/%2e%2e%5coutside.html',
    '/..%2fwindow-other/index.html',
    '/C:/windows/win.html',
    '/index.html%00.js',
    '/%ff',
    '/assets',
    '/secret.key',
    '/missing.js',
    '//etc/hosts.html',
  ])('%s is not found', async (url) => {
    const answer = await page(new Request(origin + url));
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('only reading is answered', async () => {
    expect((await page(new Request(`${origin}/index.html`, { method: 'POST' }))).status).toBe(404);
    const head = await page(new Request(`${origin}/index.html`, { method: 'HEAD' }));
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
