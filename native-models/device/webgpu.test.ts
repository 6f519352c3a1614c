/** WebGPU on Chromium's SwiftShader: no graphics card is needed, but a Chromium as Debian packages it. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DeviceReport } from './report.ts';
import { swiftshader } from './testing/swiftshader.ts';

interface Found {
  readonly chosen: DeviceReport;
  readonly auto: DeviceReport;
  readonly onProcessor: { readonly tokens: number[]; readonly places: string[] };
  readonly onDevice: { readonly tokens: number[]; readonly places: string[] };
  readonly unfixed: number;
  readonly trigonometry: { readonly fixed: number; readonly unfixed: number };
  readonly choices: number[][];
  readonly maxPool: { readonly values: number[]; readonly indices: number[] };
}

const driver = swiftshader();
const why = driver === null ? ' (SKIPPED: no SwiftShader beside a Chromium; Debian: apt-get install chromium)' : '';

describe.skipIf(driver === null)(`WebGPU without a graphics card${why}`, () => {
  let found: Found;

  beforeAll(() => {
    const child = spawnSync(process.execPath, [path.join(import.meta.dirname, 'testing/webgpu-child.ts')], {
      env: { ...process.env, ...driver },
      encoding: 'utf8',
      timeout: 110_000,
    });
    expect(child.stderr.split('\n').filter((line) => line.includes('Error'))).toEqual([]);
    found = JSON.parse(child.stdout) as Found;
  }, 120_000);

  test('a decoder on WebGPU agrees with the processor, and the report says so', () => {
    expect(found.chosen).toMatchObject({ asked: 'webgpu', used: 'webgpu', tried: [], deviation: { tolerance: 1e-4, within: true } });
    expect(found.chosen.deviation!.relative).toBeLessThan(1e-5);
    expect(found.chosen.deviation!.absolute).toBeGreaterThan(0);
  });

  test('the report names the operators that the processor did: arithmetic of shapes, and what WebGPU is too inexact for', () => {
    const operators = found.chosen.fallback.map(({ operator }) => operator);
    expect(operators).toEqual(expect.arrayContaining(['Shape', 'Range', 'Sin', 'Cos']));
    for (const heavy of ['MatMul', 'Softmax', 'ReduceMean']) expect(operators).not.toContain(heavy);
    expect(found.chosen.fallback.find(({ operator }) => operator === 'Sin')?.count).toBe(1);
  });

  test('auto takes no driver that computes in software', () => {
    expect(found.auto.used).toBe('cpu');
    expect(found.auto.tried.find(({ device }) => device === 'webgpu')?.error).toMatch(/in software|slower/);
  });

  test('a cache that stays on the device gives the same tokens', () => {
    expect(found.onDevice.places).toEqual(['gpu-buffer']);
    expect(found.onProcessor.places).toEqual(['cpu']);
    expect(found.onDevice.tokens).toEqual(found.onProcessor.tokens);
    expect(found.onDevice.tokens).toHaveLength(4);
  });

  test('outputs can be asked for in any choice and length where others stay on the device', () => {
    expect(found.choices).toEqual([[2], [4, 4], [6, 6, 6], [8, 8, 8, 8]]);
  });

  test('Sin and Cos are left to the processor: on WebGPU they are off by what WGSL allows, and the logits with them', () => {
    expect(found.trigonometry.unfixed).toBeGreaterThan(1e-5);
    expect(found.trigonometry.unfixed).toBeLessThan(2 ** -11);
    expect(found.trigonometry.fixed).toBeLessThan(1e-6);
    expect(found.unfixed).toBeGreaterThan(10 * found.chosen.deviation!.relative);
  });

  test('MaxPool with indices runs, on the processor', () => {
    expect(found.maxPool).toEqual({ values: [8, 6, 1, 9], indices: [4, 6, 13, 10] });
  });
});
