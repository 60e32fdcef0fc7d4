import { defineConfig } from 'vitest/config';

/** Tests of pure code need nothing; all others share one Temporal server and the compiled dist/. */
export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', './test/helpers/requirements-reporter.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.{ts,mjs}'], exclude: ['test/**/*.server.test.*'] },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.server.test.{ts,mjs}'],
          // After the others: they mostly wait, so two at a time, also where there are two cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          globalSetup: ['test/helpers/global-setup.ts'],
        },
      },
    ],
  },
});
