import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { acceptedResponse, problem, statusResponse } from '../../src/gateway/wire-schemas.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startTemporalProxy, type TemporalProxy, type Treatment } from '../helpers/temporal-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const STATUS = '/api/external/status';

let stack: InProcessStack;
let proxy: TemporalProxy;
let client: ExternalApiClient;
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  stack = await startInProcessStack();
  proxy = await startTemporalProxy(inject('temporalAddress'));
  const { namespace } = stack.temporal;
  client = ExternalApiClient.connect({ temporal: { connectionOptions: { address: proxy.address }, namespace } });
  app = buildGateway({ client, apiKeys: null, syncWaitMs: 0, logger: pino({ level: 'silent' }) });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(() => proxy.treat(() => undefined));
afterAll(async () => {
  await app.close();
  await client.close();
  await proxy[Symbol.asyncDispose]();
  await stack[Symbol.asyncDispose]();
});

function post(data: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ data });
  return fetch(`${url}/api/external/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

test('[M19][N1] a keyless post whose start Temporal answers too late names its request and a key, and that key finds it', async () => {
  // Of ten starts four arrive and are not answered, three arrive when their callers are gone, and three never do.
  let starts = 0;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const never = new Promise<void>(() => {});
  proxy.treat(({ method }): Treatment | undefined => {
    if (method !== 'StartWorkflowExecution') return undefined;
    const n = starts++ % 10;
    return n < 4 ? { isAnswerLost: true } : { until: n < 7 ? released : never };
  });
  const told = await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      const response = await post({ n });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, null]);
      return problem.parse(await response.json());
    }),
  );
  expect(starts).toBe(10);
  release();
  const ids = told.map(({ request_id: id }) => id ?? '');
  expect(new Set(ids).size).toBe(10);
  for (const { instance, request_id: id } of told) expect(instance).toBe(`${STATUS}/${id}`);
  await waitUntil('the four and the three are there', async () => {
    const statuses = await Promise.all(ids.map(async (id) => (await fetch(`${url}${STATUS}/${id}`)).status));
    return statuses.filter((status) => status === 200).length === 7;
  });

  proxy.treat(() => undefined);
  const again = await Promise.all(
    told.map(async ({ idempotency_key: key = '' }, n) => {
      const response = await post({ n }, { 'idempotency-key': key });
      expect(response.status).toBe(202);
      return acceptedResponse.parse(await response.json()).request_id;
    }),
  );
  expect(again).toEqual(ids);
  for (const id of ids) {
    await waitUntil('it is completed', async () => {
      const read = await fetch(`${url}${STATUS}/${id}`);
      return statusResponse.parse(await read.json()).status === 'completed';
    });
    expect(stack.count(id, '/process')).toBe(1);
  }
  expect(stack.fake.ledger.filter(({ endpoint }) => endpoint === '/process')).toHaveLength(10);
});

test('[M16][M19] the id of another tenant and one that nobody has take the same steps: one describe, and no query', async () => {
  const held = await stack.client.process({ data: 'held' }, { tenant: 'other' });
  const [foreign, unknown] = [held.requestId, `req_${'0'.repeat(26)}`];
  const calls: string[] = [];
  proxy.treat(({ method }) => void calls.push(method));
  const stepsOf = async (method: string, path: string, body?: object): Promise<unknown> => {
    calls.length = 0;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return [response.status, [...calls]];
  };
  for (const id of [foreign, unknown]) {
    const steps = [404, ['DescribeWorkflowExecution']];
    expect(await stepsOf('GET', `${STATUS}/${id}`)).toEqual(steps);
    expect(await stepsOf('POST', `/api/external/resolve/${id}`, { decision: 'abandon', reason: 'x' })).toEqual(steps);
    expect(await stepsOf('POST', '/api/external/cache/invalidate', { request_id: id })).toEqual(steps);
  }
});
