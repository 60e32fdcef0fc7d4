import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CALLBACK_KINDS } from '../../lab/callback-kinds.ts';
import { RECEIVERS } from '../../lab/receiver-kinds.ts';
import { RULES, type RuleName, type Verdict } from '../../lab/verdict.ts';
import { chaos, CHAOS_TIMEOUT } from './run-chaos.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'chaos-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What must have happened, else the run proves nothing of it. */
const HAPPENED = [
  ...Object.keys(CALLBACK_KINDS).map((kind) => `callbacks: ${kind}`),
  'callbacks: early, before the submit was answered',
  ...Object.keys(RECEIVERS).map((receiver) => `deliveries: attempts, ${receiver}`),
  'deliveries: redirected to a forbidden address',
];
const HELD: RuleName[] = [
  'ownId',
  'callbackTaken',
  'forgedRefused',
  'delivered',
  'toldTrue',
  'signed',
  'goneHeeded',
  'notForbidden',
];

// The longer one first: both wait most of their time for heartbeat timeouts.
test.concurrent(
  '[N12][N1][N16][C3][M20] the fault lab, short: workers killed and frozen, Temporal and gateway restarted, a fifth of all calls broken, callbacks lost, early, doubled and forged, receivers down, slow and gone, and no rule is',
  CHAOS_TIMEOUT,
  async ({ expect: expectHere }) => {
    const { exitCode, output } = await chaos('--short', '--seed', '20', '--json', join(folder, 'run.json'));
    expectHere(output).toMatch(/PASSED: no rule was broken/);
    expectHere(exitCode).toBe(0);
    const { verdict } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { verdict: Verdict };
    expectHere(HAPPENED.filter((what) => !((verdict.counts[what] ?? 0) > 0))).toEqual([]);
    const checked = new Map(verdict.rules.map(({ rule, checked: times }) => [rule, times]));
    expectHere(HELD.filter((name) => !((checked.get(RULES[name]) ?? 0) > 0))).toEqual([]);
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
