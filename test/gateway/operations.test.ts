import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Agent, request } from 'undici';
import { describe, expect, test, vi } from 'vitest';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { ACME, problemOf, startGateway } from './running-gateway.ts';

const unavailable = () => Promise.reject(new TemporalUnavailableError());

describe('Temporal does not answer', () => {
  test('[M19] starting and reading are 503 with Retry-After, and the log says so once for each', async () => {
    const { client, post, status, log, url } = await startGateway();
    client.failure = unavailable;
    for (const response of [await post({ data: 1 }), await status(`req_${'0'.repeat(26)}`)]) {
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await problemOf(response)).toMatchObject({ status: 503, error: 'TemporalUnavailableError' });
    }
    const told = { level: 'warn', event: 'gateway_request', status_code: 503, error_type: 'TemporalUnavailableError' };
    expect(log.filter(({ level }) => level !== 'info')).toEqual([
      expect.objectContaining({ ...told, reason: expect.any(String) }),
      expect.objectContaining({ ...told, reason: expect.any(String) }),
    ]);
    expect(await problemOf(await fetch(`${url}/readyz`))).toMatchObject({ status: 503, error: 'NotReadyError' });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('nobody knows whether Temporal took the start', () => {
  const requestId = `req_${'7'.repeat(26)}`;
  test.each([
    [{}, null, expect.stringMatching(/^[0-9a-f-]{36}$/)],
    [{ 'idempotency-key': 'order-1' }, '5', 'order-1'],
  ])('[M19][N1] with %j the problem has the id and a key, and Retry-After %s', async (headers, retryAfter, key) => {
    const { client, post, log } = await startGateway();
    client.failure = () => Promise.reject(new TemporalUnavailableError('No answer of 10.0.0.1.', { requestId }));
    const response = await post({ data: 1 }, headers);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(await problemOf(response)).toMatchObject({
      status: 503,
      error: 'TemporalUnavailableError',
      detail: expect.stringContaining(`It may have been taken, as ${requestId}`),
      request_id: requestId,
      idempotency_key: key,
      instance: `/api/external/status/${requestId}`,
    });
    expect(log).toContainEqual(expect.objectContaining({ level: 'warn', reason: 'No answer of 10.0.0.1.' }));
  });
});

test('[M21] close() answers open waits with 202 and ends at once, though connections are kept alive', async () => {
  const { app, client, url } = await startGateway({ syncWaitMs: 60_000 });
  const dispatcher = new Agent({ keepAliveTimeout: 60_000 });
  const answer = request(`${url}/api/external/process`, {
    dispatcher,
    method: 'POST',
    headers: { authorization: `Bearer ${ACME}`, 'content-type': 'application/json' },
    body: '{"data":1}',
  });
  await vi.waitUntil(() => client.waits.length === 1);
  const closed = app.close();
  const { statusCode, headers } = await answer;
  expect([statusCode, headers['connection']]).toEqual([202, 'close']);
  await closed;
  await dispatcher.close();
});

test.each([
  ['/readyz', 503],
  ['/api/external/process', 503],
  ['/healthz', 200],
])('[M21] while the gateway drains, %s over a connection that was open before is a %i', async (path, status) => {
  const { app, url } = await startGateway();
  const { port } = new URL(url);
  const serverSide = once(app.server, 'connection');
  const socket = connect(Number(port), '127.0.0.1');
  const [peer] = (await serverSide) as [Socket];
  // A request that has begun to arrive: its connection is not idle, so close() leaves it open.
  socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n`);
  await vi.waitUntil(() => peer.bytesRead > 0);
  const closed = app.close();
  await vi.waitUntil(() => !app.server.listening);
  socket.write('\r\n');
  const chunks = await socket.toArray();
  expect(Buffer.concat(chunks).toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  await closed;
});

test('[M21] an event loop that no longer keeps up is a 503 with Retry-After, and still alive for /healthz', async () => {
  const { app, post, url } = await startGateway({ syncWaitMs: 0 });
  const { isUnderPressure } = app as typeof app & { isUnderPressure(): boolean };
  while (!isUnderPressure()) {
    const end = performance.now() + 700;
    while (performance.now() < end);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [refused, alive] = await Promise.all([post({ data: 1 }), fetch(`${url}/healthz`)]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await problemOf(refused)).toMatchObject({ status: 503, error: 'OverloadedError' });
  expect(alive.status).toBe(200);
});

test('[M22] Swagger UI may load its own scripts and nothing else may', async () => {
  const { url } = await startGateway();
  const page = await fetch(`${url}/docs/`);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('upgrade-insecure-requests');
  const html = await page.text();
  const scripts = [...html.matchAll(/<script([^>]*)>([^<]*)/g)];
  expect(scripts.length).toBeGreaterThan(0);
  for (const [, attributes, inline] of scripts) {
    const source = /src="([^"]+)"/.exec(attributes ?? '')?.[1] ?? '';
    expect(inline?.trim()).toBe('');
    const script = await fetch(new URL(source, `${url}/docs/`));
    expect([script.status, (await script.text()).length > 0]).toEqual([200, true]);
  }
  const api = await fetch(`${url}/healthz`);
  expect(api.headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
});
