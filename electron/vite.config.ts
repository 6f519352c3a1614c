/**
 * Bundles what runs inside Electron, and only that: mode `main` makes main.js (an ES module), mode `preload` makes
 * preload.cjs (a sandboxed preload must be one CommonJS file that requires nothing but 'electron').
 * The lab's process is not bundled: Node 24 runs its TypeScript as it stands, in a checkout and in a packaged app alike.
 */
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig(({ mode }) => {
  const preload = mode === 'preload';
  return {
    root: path.join(import.meta.dirname, '..'),
    publicDir: false,
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      outDir: 'dist/electron',
      emptyOutDir: !preload,
      target: 'node24',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: path.join(import.meta.dirname, preload ? 'preload.ts' : 'main.ts'),
        external: [/^electron(\/|$)/, /^node:/],
        output: preload
          ? { format: 'cjs', entryFileNames: 'preload.cjs', codeSplitting: false }
          : { format: 'es', entryFileNames: 'main.js', codeSplitting: false },
      },
    },
  };
});
