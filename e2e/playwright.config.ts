/** Whole-program tests: each drives the built window in Chromium against a real lab of its own, see `lab.ts`. */
import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { findChromium, launchOptions } from './chromium.ts';

const results = path.join(import.meta.dirname, '../dist/tests');
const chromium = findChromium();
// Of this run alone, so that two at once do not clear away each other's traces; its workers inherit the name.
process.env['CANDOR_E2E_OUTPUT'] ??= path.join(results, `e2e-${process.pid}`);

export default defineConfig({
  testDir: import.meta.dirname,
  testMatch: '*.e2e.ts',
  outputDir: process.env['CANDOR_E2E_OUTPUT'],
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list'], ['json', { outputFile: path.join(results, 'e2e.json') }]],
  use: {
    viewport: { width: 1280, height: 840 },
    trace: 'retain-on-failure',
    ...(chromium === null ? {} : { launchOptions: launchOptions(chromium) }),
  },
});
