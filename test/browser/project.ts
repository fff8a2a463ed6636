// The Vitest project of the shader tests: real Chromium with its software WebGPU adapter, no GPU needed.
import { playwright } from '@vitest/browser-playwright';
import type { TestProjectInlineConfiguration } from 'vitest/config';

export const browserProject: TestProjectInlineConfiguration = {
  // Known at once: a dependency found in mid-run (umap-js is imported by a worker alone) reloads the page and its tests.
  optimizeDeps: { include: ['axe-core', 'umap-js'] },
  test: {
    name: 'browser',
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env['TRIBUTARY_CHROMIUM'] ?? '/usr/bin/chromium',
          args: [
            '--no-sandbox',
            '--enable-unsafe-webgpu',
            '--use-webgpu-adapter=swiftshader',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            '--no-first-run',
            '--disable-quic',
          ],
        },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
};
