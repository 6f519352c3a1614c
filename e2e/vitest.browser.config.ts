/** Component tests: `*.svelte.test.ts`, each in a page of a real Chromium. */
import path from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findChromium, launchOptions } from './chromium.ts';

const project = path.join(import.meta.dirname, '..');
const chromium = findChromium();
if (chromium === null) throw new Error('no Chromium found: `npm test` installs one, or name yours in CANDOR_CHROMIUM');

export default defineConfig({
  root: project,
  plugins: [svelte({ configFile: path.join(project, 'renderer/svelte.config.js') })],
  // Found by vite in the first test otherwise, which then starts again.
  optimizeDeps: { include: ['vitest-browser-svelte', 'devalue'] },
  test: {
    include: ['renderer/**/*.svelte.test.ts'],
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      viewport: { width: 1280, height: 840 },
      provider: playwright({ launchOptions: launchOptions(chromium) }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
