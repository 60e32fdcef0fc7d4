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
          globalSetup: ['test/helpers/global-setup.ts'],
        },
      },
    ],
  },
});
