import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { check } from '../../lab/checker.ts';
import { factsOf } from '../../lab/history-facts.ts';
import { RULES, type RuleName, type Verdict } from '../../lab/verdict.ts';
import { processedDataOf } from '../../src/fake-provider/processed-data.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { chaos, CHAOS_TIMEOUT } from './run-chaos.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'lookup-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ruleOf = ({ rules }: Verdict, name: RuleName) => rules.find(({ rule }) => rule === RULES[name]);

test(
  '[N12][N13][N1] the fault lab with a provider that can be asked: lost replies resolve themselves, nothing is done twice or lost, and nobody has to decide',
  CHAOS_TIMEOUT,
  async () => {
    const json = join(folder, 'run.json');
    const { exitCode, output } = await chaos('--mode', 'lookup', '--short', '--seed', '20', '--json', json);
    expect(output).toMatch(/PASSED: no rule was broken/);
    expect(exitCode).toBe(0);
    const { verdict, decisions } = JSON.parse(readFileSync(json, 'utf8')) as {
      verdict: Verdict;
      decisions: Record<string, number>;
    };
    for (const rule of ['effects', 'ended', 'window', 'noPerson', 'lostIsUnknown', 'notResent'] as const) {
      expect(ruleOf(verdict, rule)).toMatchObject({ broken: 0 });
      expect(ruleOf(verdict, rule)?.checked).toBeGreaterThan(0);
    }
    expect(decisions).toEqual({ adopted: 0, resubmitted: 0, rounds: 0 });
    // Else it proves nothing.
    expect(verdict.counts['lookup: found, and taken over']).toBeGreaterThan(0);
    expect(verdict.counts['lookup: nothing had arrived, and it was sent again']).toBeGreaterThan(0);
  },
);

/** One submit that arrives 4 s after its reply was lost, before a provider that says to list works after so many seconds. */
async function judgedLate(completeAfter: number): Promise<Verdict> {
  const lookup: Profile['lookup'] = {
    call: 'GET /requests{?key}',
    vars: { key: 'requestId' },
    items: '/requests',
    match: '/idempotency_key',
    id: '/request_id',
    completeAfter,
  };
  const fake = { settings: { idempotency: 'ignore' } } as const;
  await using stack = await startInProcessStack({ provider: { profile: { ...BUILT_IN, lookup } }, fake });
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-late', ms: 4_000 } });
  const data = 'late';
  const handle = await stack.client.process({ data, options: { async: true } }, { deadline: '1 minute' });
  await handle.result();
  await waitUntil(
    'the late submit was executed',
    () => stack.fake.ledger.find(({ fault }) => fault)?.executed === true,
  );
  const { requestId } = handle;
  const { sha256 } = processedDataOf(data);
  return check({
    ledger: stack.fake.ledger,
    accepted: [{ requestId, mode: 'lookup', fate: 'plain', sha256, callback: null }],
    starts: [{ key: 'late', requestId }],
    histories: new Map([[requestId, factsOf({ events: await stack.events(requestId) })]]),
    readings: [],
    callbacks: [],
    deliveries: { received: [], forbidden: { connections: 0, tried: 0 }, disturbedAt: [] },
    budget: null,
  });
}

test('[N12][N13] a provider that says too soon that nothing arrived: the ledger shows the work done twice', async () => {
  const { violations } = await judgedLate(1);
  expect(violations.map(({ rule }) => rule)).toEqual([RULES.effects]);
});

test('[N12][N13] one that waits for the latest arrival: the late work is found, and nothing is sent again', async () => {
  const { violations, counts } = await judgedLate(8);
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({ 'lookup: found, and taken over': 1 });
});
