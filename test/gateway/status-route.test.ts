import { expect, test } from 'vitest';
import { retryAfterSeconds } from '../../src/gateway/routes/status-route.ts';
import { OTHER, problemOf, startGateway } from './running-gateway.ts';

test('[M3][M19] the status is the request in snake_case, without members that are not public', async () => {
  const { client, post, status } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  const waitingFor = {
    reason: 'provider_processing',
    since: '2026-01-01T00:00:01.000Z',
    until: null,
    attempt: 3,
    calls: 2,
    internal: 'canary',
  } as const;
  client.change(client.lastId, { waitingFor });
  const response = await status(client.lastId);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await response.json()).toEqual({
    request_id: client.lastId,
    status: 'processing',
    created_at: '2026-01-01T00:00:00.000Z',
    deadline_at: '2026-01-01T01:00:00.000Z',
    updated_at: '2026-01-01T00:00:01.000Z',
    completed_at: null,
    provider_request_id: 'req_abc123',
    result: null,
    error: null,
    source: null,
    cached_at: null,
    cancellation: null,
    resolution: null,
    retry_of: null,
    retried_by: null,
    waiting_for: {
      reason: 'provider_processing',
      since: '2026-01-01T00:00:01.000Z',
      until: null,
      attempt: 3,
      calls: 2,
    },
  });
});

test('[M3][M12] a finished request has its result, and members of the result that nobody listed are dropped', async () => {
  const { client, post, status } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  client.complete(client.lastId, 'HELLO');
  const metadata = { processingTime: 1.5, version: '2.1', internal: 'canary' };
  client.change(client.lastId, { result: { processedData: { any: ['thing'] }, metadata } });
  const response = await status(client.lastId);
  expect(response.headers.get('retry-after')).toBeNull();
  expect(await response.json()).toMatchObject({
    status: 'completed',
    completed_at: '2026-01-01T00:00:02.000Z',
    result: { processed_data: { any: ['thing'] }, metadata: { processing_time: 1.5, version: '2.1' } },
    source: 'provider',
  });
  expect(await (await status(client.lastId)).text()).not.toContain('canary');
});

test('[M6][M19] a failed request is read with 200 and its error', async () => {
  const { client, post, status } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  const error = { type: 'APITimeoutError', message: 'late', statusCode: null, retryable: true, outcome: null } as const;
  client.change(client.lastId, { status: 'timed_out', error, stale: true });
  const response = await status(client.lastId);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    status: 'timed_out',
    error: { type: 'APITimeoutError', message: 'late', status_code: null, retryable: true, outcome: null },
    stale: true,
  });
});

test('[N11][N1][M19] the status says what became of a cancelled request, and how its unknown outcome was decided', async () => {
  const { client, post, status } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  const resolution = {
    decision: 'adopt',
    providerRequestId: 'job-1',
    by: 'jo',
    reason: 'they have it',
    at: '2026-01-01T00:00:01.000Z',
    internal: 'canary',
  } as const;
  client.change(client.lastId, { status: 'cancelled', cancellation: 'cancelled_at_provider', resolution });
  expect(await (await status(client.lastId)).json()).toMatchObject({
    status: 'cancelled',
    cancellation: 'cancelled_at_provider',
    resolution: {
      decision: 'adopt',
      provider_request_id: 'job-1',
      by: 'jo',
      reason: 'they have it',
      at: resolution.at,
    },
  });
  expect(await (await status(client.lastId)).text()).not.toContain('canary');
});

test('[M16][M19] a request of another tenant cannot be told from one that does not exist, and the look is logged', async () => {
  const { client, post, status, log } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  const id = client.lastId;
  const foreign = await status(id, OTHER);
  client.requests.delete(id);
  const unknown = await status(id, OTHER);
  expect([foreign.status, unknown.status]).toEqual([404, 404]);
  expect(await foreign.text()).toBe(await unknown.text());
  expect(log).toContainEqual(expect.objectContaining({ level: 'warn', event: 'foreign_request', tenant: 'other' }));
});

test.each(['req_1', 'x', encodeURIComponent('../../etc'), 'a'.repeat(99), 'a'.repeat(2000)])(
  '[M12] %s is no request id: 404',
  async (id) => {
    const { status } = await startGateway();
    expect(await problemOf(await status(id))).toMatchObject({ status: 404 });
  },
);

test('[M19] Retry-After points at the next known step, within a minute, and ends with the request', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const at = (until: string | null) =>
    retryAfterSeconds(
      { status: 'processing', waitingFor: { reason: 'worker', since: null, until, attempt: 1, calls: 0 } },
      now,
    );
  expect([
    at('2026-01-01T00:00:07.2Z'),
    at('2026-01-01T00:20:00Z'),
    at('2025-12-31T00:00:00Z'),
    at(null),
    retryAfterSeconds({ status: 'failed', waitingFor: null }, now),
  ]).toEqual([8, 60, 1, 2, null]);
});
