// The test projects: pure units in Node, engines and pages in a real Chromium, and whole runs on a real HDFS.
import { defineConfig } from 'vitest/config';
import { browserProject } from './test/browser/project.ts';

export default defineConfig({
  test: {
    reporters: process.env['CI'] === undefined ? ['default', 'json'] : ['dot', 'json'],
    outputFile: { json: 'test-report.json' },
    projects: [
      // No test measures speed: on a busy machine each may take long.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], environment: 'node', testTimeout: 30_000 } },
      { test: { name: 'gates', include: ['test/gates/**/*.test.ts'], environment: 'node', testTimeout: 120_000 } },
      browserProject,
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/hdfs/global-setup.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          // Each file starts processes of its own; two cores carry one such file at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});
