import { expect, test } from 'vitest';
import { chaos, CHAOS_TIMEOUT } from './run-chaos.ts';

// The longer one first: both wait most of their time for heartbeat timeouts.
test.concurrent(
  '[N12][N1][C3][M20] the fault lab, short: workers killed and frozen, Temporal and gateway restarted, a fifth of all calls broken, and no rule is',
  CHAOS_TIMEOUT,
  async ({ expect: expectHere }) => {
    const { exitCode, output } = await chaos('--short', '--seed', '20');
    expectHere(output).toMatch(/PASSED: no rule was broken/);
    expectHere(exitCode).toBe(0);
  },
);

test.concurrent(
  '[N12][N1][M20] a worker killed at each named place in its code: what comes of the request is what must',
  CHAOS_TIMEOUT,
  async ({ expect: expectHere }) => {
    const { exitCode, output } = await chaos('crash-points', '--short');
    expectHere(output).toMatch(/PASSED: what came of every crash is what must/);
    expectHere(exitCode).toBe(0);
  },
);

test('[N12][M22] the fault lab names a wrong argument and what it expects, and starts nothing', async () => {
  const { exitCode, output } = await chaos('--requests', 'many');
  expect(output).toMatch(/--requests must be a whole number from 10 to 1000000/);
  expect(output).toMatch(/Usage: npm run chaos/);
  expect(exitCode).toBe(2);
});
