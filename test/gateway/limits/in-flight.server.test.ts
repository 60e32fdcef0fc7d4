import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { workflowIdOf } from '../../../src/contract/names.ts';
import { buildGateway } from '../../../src/gateway/build-gateway.ts';
import { acceptedResponse } from '../../../src/gateway/wire-schemas.ts';
import { ExternalApiClient } from '../../../src/client/index.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { type InProcessStack, startInProcessStack } from '../../helpers/in-process-stack.ts';
import { connectToTemporal } from '../../helpers/temporal.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { ACME, digestOf, OTHER } from '../running-gateway.ts';

const MOST = 20;
const AT_WORST = 22;
const KEYS = new Map([
  [digestOf(ACME), { tenant: 'acme', expiresAt: null }],
  [digestOf(OTHER), { tenant: 'other', expiresAt: null }],
]);

/** Resolves with a function that posts: the id of what was taken, or null where it was refused. */
async function gatewayOf(client: ExternalApiClient): Promise<(key?: string) => Promise<string | null>> {
  const app: FastifyInstance = buildGateway({
    client,
    apiKeys: KEYS,
    syncWaitMs: 0,
    limits: { callsPerMinute: null, requestsInFlight: MOST },
    logger: createLogger({ level: 'silent', name: 'gateway' }),
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return async (key = ACME) => {
    const response = await fetch(`${url}/api/external/process`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: '{"data":1,"options":{"async":true}}',
    });
    const body: unknown = await response.json();
    if (response.status === 202) return acceptedResponse.parse(body).request_id;
    expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([429, 2]);
    return null;
  };
}

const together = (post: () => Promise<string | null>, count: number) =>
  Promise.all(Array.from({ length: count }, () => post()));
const isTaken = (id: string | null): id is string => id !== null;

test('[M16][M19] what stays open keeps others out, at every gateway, and what ends lets as many in', async () => {
  const temporal = await connectToTemporal();
  onTestFinished(() => temporal.close());
  // Nobody works here: what is started stays open.
  const client = new ExternalApiClient(temporal.client);
  const [one, two] = [await gatewayOf(client), await gatewayOf(client)];
  const open = (await together(one, 100)).filter(isTaken);
  expect(open).toHaveLength(MOST);
  expect(await one(OTHER)).not.toBeNull();
  await waitUntil('all are listed', async () => (await client.countOpen('acme')) === MOST);
  expect((await together(two, 50)).filter(isTaken)).toEqual([]);
  for (let round = 0; round < 3; round++) {
    const ended = open.splice(0, 7);
    await Promise.all(ended.map((id) => temporal.client.workflow.getHandle(workflowIdOf(id)).terminate()));
    await waitUntil('as many are let in', async () => {
      open.push(...(await together(round === 1 ? two : one, 10)).filter(isTaken));
      expect(open.length).toBeLessThanOrEqual(AT_WORST);
      return open.length >= MOST;
    });
  }
});

let stack: InProcessStack;
beforeAll(async () => {
  stack = await startInProcessStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

/** The most that were open at once, by what the server and the workflows say. */
function mostOpen(times: readonly { from: number; to: number }[]): number {
  return Math.max(...times.map(({ from: at }) => times.filter(({ from, to }) => from <= at && at < to).length));
}

test(
  '[M16][M19] of a hundred posts at once, repeated until each is taken, no more are open than a tenth above the limit',
  { timeout: 120_000 },
  async () => {
    stack.fake.settings.jobDurationMs = 500;
    const post = await gatewayOf(stack.client);
    const untilTaken = async (): Promise<string> => {
      for (;;) {
        const id = await post();
        if (id !== null) return id;
        await delay(200);
      }
    };
    const ids = await Promise.all(Array.from({ length: 100 }, untilTaken));
    expect(await post(OTHER)).not.toBeNull();
    const ends = await Promise.all(ids.map((id) => stack.client.result(id)));
    const times = ends.map(({ createdAt, completedAt }) => ({
      from: Date.parse(createdAt),
      to: Date.parse(completedAt ?? ''),
    }));
    expect(mostOpen(times)).toBeLessThanOrEqual(AT_WORST);
    // Nearly as many as may be were open, too.
    expect(mostOpen(times)).toBeGreaterThanOrEqual(0.9 * MOST);
  },
);
