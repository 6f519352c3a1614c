import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listFolder } from './folders.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'candor-listed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), '');
  }
}

test('folders that hold an export, a checkpoint or GenAI settings look like models', () => {
  put('hub/config.json', 'hub/onnx/model_q4.onnx', 'bare/resnet.ONNX', 'genai/genai_config.json', 'checkpoint/config.json');
  put('checkpoint/model-00001-of-00002.safetensors', 'images/cat/1.png', 'settings/config.json', 'weights/model.safetensors');
  mkdirSync(path.join(folder, 'trick/x.onnx'), { recursive: true });
  const found = listFolder(folder).entries;
  expect(found.filter(({ looksLike }) => looksLike === 'model').map(({ name }) => name)).toEqual(['bare', 'checkpoint', 'genai', 'hub']);
  expect(found.map(({ name }) => name)).toEqual(['bare', 'checkpoint', 'genai', 'hub', 'images', 'settings', 'trick', 'weights']);
});
