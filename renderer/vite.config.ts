import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [svelte()],
  // Nothing is inlined: the page runs under `style-src 'self'` and `img-src 'self' data: blob:`.
  build: { outDir: '../dist/renderer', emptyOutDir: true, target: 'chrome146', sourcemap: true, assetsInlineLimit: 0 },
});
