import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import type { GatewayClient } from '../../src/gateway/gateway-client.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A way to the server on which nothing moves any more once it is frozen, as behind a firewall that lost its state. */
async function startFreezableWay(address: string) {
  const [host, port] = address.split(':');
  const sockets: Socket[] = [];
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    for (const socket of [near, far]) socket.on('error', () => {});
    sockets.push(near, far);
    if (!frozen) near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

let temporal: TestTemporal;
let way: Awaited<ReturnType<typeof startFreezableWay>>;
let url: string;
let close: () => Promise<void>;
/** Waits for a result that the gateway has begun. */
let openWaits = 0;

beforeAll(async () => {
  temporal = await connectToTemporal();
  way = await startFreezableWay(inject('temporalAddress'));
  const client = ExternalApiClient.connect({
    temporal: { connectionOptions: { address: way.address }, namespace: temporal.namespace },
  });
  const watched: GatewayClient = {
    process: async (input, options) => {
      const handle = await client.process(input, options);
      return { ...handle, result: (wait) => (openWaits++, handle.result(wait)) };
    },
    status: (requestId, options) => client.status(requestId, options),
    updates: (requestId, options) => client.updates(requestId, options),
    list: (options) => client.list(options),
    cancel: (requestId, reason) => client.cancel(requestId, reason),
    resolve: (requestId, decision) => client.resolve(requestId, decision),
    callback: (requestId, hint) => client.callback(requestId, hint),
    invalidate: (which) => client.invalidate(which),
    deliveries: client.deliveries,
    countOpen: (tenant, started) => client.countOpen(tenant, started),
    ping: () => client.ping(),
  };
  const logger = createLogger({ level: 'silent', name: 'gateway' });
  const app = buildGateway({ client: watched, apiKeys: null, syncWaitMs: 2_000, logger });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  close = async () => {
    await app.close();
    await client.close();
    way.close();
    await temporal.close();
  };
});
afterAll(() => close());

/** What the gateway promises: whoever asks has an answer within this time, whatever Temporal does. */
const IN_TIME_MS = 12_000;

function ask(path: string, body?: object): Promise<Response> {
  const signal = AbortSignal.timeout(IN_TIME_MS);
  if (body === undefined) return fetch(`${url}${path}`, { signal });
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal });
}

test('[M19][M21][N1] when Temporal freezes, open waits end with 202, and every call with 503, in time', async () => {
  const started = await ask('/api/external/process', { data: 1, options: { async: true } });
  const { request_id: id } = (await started.json()) as { request_id: string };
  const before = await ask(`/api/external/status/${id}`);
  expect(before.status).toBe(200);
  await waitUntil('it is ready', async () => (await ask('/readyz')).status === 200);

  const first = await ask('/api/external/process', { data: 2, options: { async: true } });
  expect(first.status).toBe(202);
  // Its wait begins on a server that answers, and ends on one that does not.
  const waiting = ask('/api/external/process', { data: 3 });
  await waitUntil('its wait is open', () => openWaits === 1);
  way.freeze();
  const calls = [
    ask('/api/external/process', { data: 4 }),
    ask(`/api/external/status/${id}`),
    ask(`/api/external/resolve/${id}`, { decision: 'abandon', reason: 'a test' }),
    ask('/api/external/cache/invalidate', {}),
    ask('/readyz'),
  ];
  expect((await ask('/healthz')).status).toBe(200);
  expect((await waiting).status).toBe(202);
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503]);
  expect(await answers[0]?.json()).toMatchObject({ request_id: expect.stringMatching(/^req_/) });
});
