// How the three pages and the compute worker are bundled: files only, no inline script or style, so that the
// server's strict Content-Security-Policy holds.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at('client'),
  // Relative addresses: the pages also work below a path of a reverse proxy.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    outDir: at('dist/client'),
    emptyOutDir: true,
    sourcemap: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: at('client/index.html'),
        dashboard: at('client/dashboard.html'),
        status: at('client/status.html'),
      },
    },
  },
});
