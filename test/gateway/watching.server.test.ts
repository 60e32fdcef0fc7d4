import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { ExternalApiClient } from '../../src/client/external-api-client.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { statusResponse } from '../../src/gateway/wire-schemas.ts';
import { type CountingProxy, startCountingProxy } from '../helpers/counting-proxy.ts';
import { type InProcessStack, startInProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Of a history: a long poll, or a look. */
const HISTORY = 'GetWorkflowExecutionHistory';

let stack: InProcessStack;
let proxy: CountingProxy;
let client: ExternalApiClient;
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  stack = await startInProcessStack();
  proxy = await startCountingProxy(inject('temporalAddress'));
  const { namespace } = stack.temporal.client.options;
  client = ExternalApiClient.connect({ temporal: { connectionOptions: { address: proxy.address }, namespace } });
  app = buildGateway({ client, apiKeys: null, syncWaitMs: 10_000, logger: pino({ level: 'silent' }) });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await client.close();
  await proxy[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
});

async function startOne(): Promise<string> {
  stack.fake.settings.jobDurationMs = 3_000;
  const { requestId } = await stack.client.process({ data: 'watched', options: { async: true } });
  await waitUntil('the provider has it', async () => (await stack.client.status(requestId)).status === 'processing');
  return requestId;
}

test(
  '[M19] fifty who wait for one request cost one long poll, and all of them see its end',
  { timeout: 60_000 },
  async () => {
    const requestId = await startOne();
    proxy.reset();
    const waiting = Array.from({ length: 50 }, async () => {
      const response = await fetch(`${url}/api/external/status/${requestId}?wait=60`);
      return statusResponse.parse(await response.json()).status;
    });
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['completed']));
    // The first look at the history, and its long poll, once more for each event that was no change.
    expect(proxy.count(HISTORY)).toBeLessThan(20);
  },
);

test(
  '[M19] events follow a request from its start to its end, through a real workflow',
  { timeout: 60_000 },
  async () => {
    const requestId = await startOne();
    const text = await (await fetch(`${url}/api/external/events/${requestId}`)).text();
    const told = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => statusResponse.parse(JSON.parse(data)));
    expect(told.map(({ status }) => status)).toEqual(['processing', 'completed']);
  },
);

test('[C4] the requests of a tenant are listed page by page', { timeout: 60_000 }, async () => {
  const ids = new Set<string>();
  for (let n = 0; n < 3; n++)
    ids.add((await stack.client.process({ data: n }, { tenant: 'default', kind: 'listed' })).requestId);
  await waitUntil('all are listed', async () => (await list('limit=100')).requests.length >= ids.size);
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await list(`limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    expect(page.requests.length).toBeLessThanOrEqual(2);
    seen.push(...page.requests.map(({ request_id }) => request_id));
    cursor = page.next_cursor;
  }
  expect(seen.filter((id) => ids.has(id)).toSorted()).toEqual([...ids].toSorted());
});

test('[N11] a cancellation over HTTP ends the request', { timeout: 60_000 }, async () => {
  const requestId = await startOne();
  const asked = await fetch(`${url}/api/external/cancel/${requestId}`, { method: 'POST' });
  expect(asked.status).toBe(202);
  await waitUntil('it has ended', async () => (await stack.client.status(requestId)).completedAt !== null);
  expect(['cancelled', 'completed']).toContain((await stack.client.status(requestId)).status);
});

async function list(query: string): Promise<{ requests: { request_id: string }[]; next_cursor: string | null }> {
  const response = await fetch(`${url}/api/external/requests?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as { requests: { request_id: string }[]; next_cursor: string | null };
}
