import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/chaos.mjs', import.meta.url));

/** Below the time of a test, so that a lab that hangs still tells what it has printed. */
const WITHIN_MS = 400_000;

/** What `npm run chaos -- …args` printed, and how it ended. */
function chaos(...args: string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCRIPT, ...args], { timeout: WITHIN_MS }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : (child.exitCode ?? -1), output: stdout + stderr });
    });
  });
}

// The longer one first: both wait most of their time for heartbeat timeouts.
test.concurrent(
  '[N12][N1][C3][M20] the fault lab, short: workers killed and frozen, Temporal and gateway restarted, a fifth of all calls broken, and no rule is',
  { timeout: 420_000 },
  async ({ expect: expectHere }) => {
    const { exitCode, output } = await chaos('--short', '--seed', '20');
    expectHere(output).toMatch(/PASSED: no rule was broken/);
    expectHere(exitCode).toBe(0);
  },
);

test.concurrent(
  '[N12][N1][M20] a worker killed at each named place in its code: what comes of the request is what must',
  { timeout: 420_000 },
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
