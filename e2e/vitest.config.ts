/** Unit tests: everything beside the code but the component tests, which need a browser (`vitest.browser.config.ts`). */
import path from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: path.join(import.meta.dirname, '..'),
  test: {
    include: ['{electron,renderer,db,probes,native-models,e2e}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.svelte.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
