import { describe, expect, test } from 'vitest';
import type { CallBudget } from '../../src/call-budget/call-budget.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import type { CallEnd } from '../../src/call-budget/rules.ts';
import { reply, startRawServer, type RawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, until, WORK } from './client-under-test.ts';

const FAILED: CallEnd = { type: 'failed' };

async function endOfACall(budget: CallBudget, end: CallEnd): Promise<void> {
  await budget.ended(await budget.enter('poll', 'status'), end);
}

async function untilProbeIsDue(budget: CallBudget): Promise<void> {
  await expect.poll(() => budget.probeDue(), { interval: 2 }).toBe(true);
}

function paths(server: RawServer): string[] {
  return server.calls.map(({ path }) => path);
}

describe('a token while the provider is closed', () => {
  const closed: [what: string, rules: object, end: CallEnd][] = [
    ['a cool-down', {}, { type: 'refused', retryAfterMs: 60_000 }],
    ['an outage', { outageAfter: 1, probeMs: 60_000 }, FAILED],
    ['an empty budget', { limit: 1, windowMs: 3_600_000 }, { type: 'answered' }],
  ];
  test.each(closed)(
    '[M2][N3] S3: in %s authenticate ends at once, without one and without a call',
    async (_, rules, end) => {
      await using server = await startRawServer();
      const budget = budgetWith(rules);
      await endOfACall(budget, end);
      await using client = clientFor(server.url, { budget });
      const answers = await Promise.all(Array.from({ length: 100 }, () => client.authenticate(CONTEXT)));
      expect(new Set(answers)).toEqual(new Set([null]));
      expect(server.calls).toEqual([]);
      expect(budget.waiting).toBe(0);
    },
  );

  test('[M2][N3] S3: without a socket, too', async () => {
    await using server = await startRawServer({
      onToken: (_call, res, n) => reply(res, 200, { access_token: `t${n}`, expires_in: n === 1 ? 0 : 60 }),
      onCall: () => {},
    });
    await using client = clientFor(server.url, { maxConnections: 1 });
    client.process(WORK, CONTEXT).catch(() => {});
    await until(() => server.arrivals().length === 1);
    expect(await client.authenticate(CONTEXT)).toBeNull();
    expect(server.calls).toHaveLength(2);
  });

  test('[M2] S3: a token that is there is enough', async () => {
    await using server = await startRawServer();
    const budget = budgetWith();
    await using client = clientFor(server.url, { budget });
    await client.authenticate(CONTEXT);
    await endOfACall(budget, { type: 'refused', retryAfterMs: 60_000 });
    expect(await client.authenticate(CONTEXT)).toMatchObject({ generation: 1 });
  });

  test('[M2] S3: the submit that was let through gets it, as part of its attempt', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url);
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
    expect(paths(server)).toEqual(['/oauth/token', '/process']);
  });
});

describe('the probe of an outage', () => {
  test('[N2][N14] S5: a submit is sent only when a token call has found out that the outage is over', async () => {
    let isUp = true;
    await using server = await startRawServer({
      onToken: (_call, res) => reply(res, isUp ? 200 : 502, { access_token: 't', expires_in: 3600 }),
      onCall: (_call, res) => reply(res, isUp ? 202 : 502, { request_id: 'job-1' }),
    });
    const budget = budgetWith({ outageAfter: 2, probeMs: 20 });
    await using client = clientFor(server.url, { budget });
    await client.authenticate(CONTEXT);
    isUp = false;
    for (let n = 0; n < 2; n++)
      expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'serverError' });
    for (let n = 0; n < 3; n++) {
      await untilProbeIsDue(budget);
      const error = await failureOf(client.process(WORK, CONTEXT));
      expect(error).toMatchObject({ outcome: 'never-sent', statusCode: 502 });
    }
    expect(paths(server).slice(3)).toEqual(Array(3).fill('/oauth/token'));
    isUp = true;
    await untilProbeIsDue(budget);
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
    expect(paths(server).slice(6)).toEqual(['/oauth/token', '/process']);
    expect(budget.isDown).toBe(false);
  });

  test('[N2][N15] S5: at the turn of a submit its token goes out when the probe is due, and opens the provider', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    let now = 0;
    const budget = budgetWith({ outageAfter: 1, probeMs: 6_000 }, () => now);
    await endOfACall(budget, FAILED);
    for (const dueAt of [6_000, 18_000]) {
      now = dueAt;
      await endOfACall(budget, FAILED);
    }
    now = 42_000;
    await using client = clientFor(server.url, { budget });
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
    expect(paths(server)).toEqual(['/oauth/token', '/process']);
  });

  test('[N2] S5: where only submits fail, a probe is one token call and one submit, and the outage goes on', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 502, {}) });
    const budget = budgetWith({ outageAfter: 2, probeMs: 20 });
    await using client = clientFor(server.url, { budget });
    for (let n = 0; n < 2; n++) await failureOf(client.process(WORK, CONTEXT));
    const before = server.calls.length;
    for (let n = 1; n <= 3; n++) {
      await untilProbeIsDue(budget);
      expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'serverError' });
      expect(paths(server).slice(before)).toEqual(Array.from({ length: n }, () => ['/oauth/token', '/process']).flat());
      expect(budget.isDown).toBe(true);
    }
  });
});

test('[N13][N2] S5: a token of another origin says nothing of an outage of the provider: none is fetched for a probe', async () => {
  let isUp = false;
  await using tokens = await startRawServer();
  await using server = await startRawServer({
    onCall: (_call, res) => reply(res, isUp ? 202 : 502, { request_id: 'job-1' }),
  });
  const budget = budgetWith({ outageAfter: 2, probeMs: 20 });
  await using client = clientFor(server.url, { budget, tokenUrl: new URL(`${tokens.url}/oauth/token`) });
  for (let n = 0; n < 2; n++) await failureOf(client.process(WORK, CONTEXT));
  expect(budget.isDown).toBe(true);
  isUp = true;
  await untilProbeIsDue(budget);
  expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  expect([paths(tokens), paths(server)]).toEqual([['/oauth/token'], Array(3).fill('/process')]);
});

test('[N1] S9: an answer does not wait until the budget has noted it', async () => {
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
  const budget = budgetWith();
  const ends: CallEnd[] = [];
  budget.ended = (_permit, end) => (ends.push(end), new Promise(() => {}));
  await using client = clientFor(server.url, { budget });
  expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  expect(ends).toEqual([{ type: 'answered' }, { type: 'answered' }]);
});

test.each([
  [409, {}, null, 'declined'],
  [423, { 'retry-after': '7' }, 7, 'askedToWait'],
  [425, {}, null, 'misdirected'],
] as const)(
  '[N14] E4: %i %j to a repeated submit waits for the first one; to a first one it is a refusal',
  async (code, headers, retryAfter, first) => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, code, {}, headers) });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, { ...CONTEXT, repeated: true }));
    expect(error).toMatchObject({ failure: 'stillRunning', outcome: 'ambiguous', retryable: true, retryAfter });
    expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: first });
  },
);
