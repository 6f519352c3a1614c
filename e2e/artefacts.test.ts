/** Checks on what the builds have made. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWhereStale } from '../electron/build.ts';

const dist = path.join(import.meta.dirname, '../dist');
const text = (file: string): string => readFileSync(path.join(dist, file), 'utf8');

beforeAll(() => buildWhereStale(['window', 'shell'], () => undefined), 180_000);

describe('the built window', () => {
  test('its page has no script, style or handler that its policy would stop', () => {
    const page = text('renderer/index.html');
    const scripts = [...page.matchAll(/<script\b([^>]*)>(.*?)<\/script>/gs)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, attributes, body] of scripts) expect([attributes?.includes('src="./'), body]).toEqual([true, '']);
    expect(page).not.toMatch(/<style|style=|\son\w+=/);
  });

  test('refers to its own files by relative paths, so that it works behind a token', () => {
    const references = [...text('renderer/index.html').matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(references.filter((reference) => !reference.startsWith('./') && !reference.startsWith('data:'))).toEqual([]);
  });

  test('bundles none of the lab', () => {
    const scripts = readdirSync(path.join(dist, 'renderer/assets')).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    for (const name of scripts) {
      const script = text(`renderer/assets/${name}`);
      expect(script).not.toMatch(/from\s*["']node:|require\(["']|better-sqlite3|onnxruntime|ZodError/);
      // Compiled code never needs these, and the policy would stop them.
      expect(script).not.toMatch(/\bnew Function\(|\beval\(/);
    }
  });
});

describe("Electron's part", () => {
  test("the preload requires nothing but 'electron'", () => {
    const required = [...text('electron/preload.cjs').matchAll(/require\(([^)]*)\)/g)].map((match) => match[1]);
    expect(required).toEqual(['"electron"']);
  });

  test('main loads nothing native and evaluates nothing', () => {
    const main = text('electron/main.js');
    expect(main).not.toMatch(/\.node["']|better-sqlite3|onnxruntime|\beval\(|new Function\(/);
    expect(main).not.toMatch(/nodeIntegration: true|webSecurity: false|contextIsolation: false|sandbox: false/);
  });
});
