import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadWorkerConfig } from '../../src/config/worker-config.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import { createProviderClient } from '../../src/provider/provider-client.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';

/** What a run costs in calls and connections: counts, which no machine changes. Times are for `npm run bench`. */

const REQUESTS = 200;
let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack({ fake: { settings: { rateLimit: 0, jobDurationMs: 0 } } });
  // So slow that requests gather before it is there.
  stack.fake.script({ endpoint: '/oauth/token', fault: { kind: 'delay', ms: 1_000 } });
  const started = Array.from({ length: REQUESTS }, (_, n) =>
    stack.client.process({ data: { n }, options: { async: true } }),
  );
  await Promise.all(started.map(async (request) => await (await request).result()));
});
afterAll(() => stack[Symbol.asyncDispose]());

function arrived(endpoint: string): number {
  return stack.fake.ledger.filter((call) => call.endpoint === endpoint).length;
}

test(`[M20][M2] ${REQUESTS} requests at once, with no token yet, make one token call`, () => {
  expect(arrived('/oauth/token')).toBe(1);
});

test('[M20][M1][M3] a request whose first poll finds it finished makes two calls, and shares the token', () => {
  expect(arrived('/process')).toBe(REQUESTS);
  expect(arrived('/status/{request_id}')).toBe(REQUESTS);
  expect(stack.fake.ledger.length).toBe(2 * REQUESTS + 1);
});

test('[M20][M10] 1,000 calls in flight open no more than EXTERNAL_API_MAX_CONNECTIONS connections', async () => {
  const result = { processed_data: 1, metadata: {} };
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 200, { success: true, result }) });
  const { provider: config } = loadWorkerConfig({
    EXTERNAL_API_BASE_URL: server.url,
    EXTERNAL_API_KEY: 'key',
    EXTERNAL_OAUTH_CLIENT_ID: 'client',
    EXTERNAL_OAUTH_CLIENT_SECRET: 'secret',
    EXTERNAL_API_MAX_CONNECTIONS: '20',
  });
  const records: CallRecord[] = [];
  const client = createProviderClient({
    ...config,
    budget: budgetWith({ limit: 100_000 }),
    observer: { called: (record) => void records.push(record), tokenRefreshed: () => {} },
  });
  await client.authenticate({ requestId: null });
  const afterToken = server.connections.length;
  const calls = Array.from({ length: 1_000 }, (_, n) =>
    client.process(
      { data: n, options: { async: false, callbackUrl: null }, idempotencyKey: `key-${n}` },
      { requestId: null },
    ),
  );
  await Promise.all(calls);
  await client.close();
  expect(records.filter(({ outcome }) => outcome === 'succeeded')).toHaveLength(1_001);
  expect(server.connections.length - afterToken).toBeGreaterThan(1);
  expect(server.connections.length - afterToken).toBeLessThanOrEqual(20);
});
