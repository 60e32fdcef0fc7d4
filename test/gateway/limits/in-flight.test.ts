import { expect, test, vi } from 'vitest';
import { TemporalUnavailableError } from '../../../src/client/client-errors.ts';
import { ExternalAPIError } from '../../../src/contract/errors.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { OTHER, problemOf, startGateway } from '../running-gateway.ts';

const limits = { callsPerMinute: null, requestsInFlight: 20 };
const async = { data: 1, options: { async: true } };
const OF_OTHER = { authorization: `Bearer ${OTHER}` };

test('[M16][M19] of a hundred posts at once as many are taken as may be open, by one count; another tenant is not held up', async () => {
  const { app, post, client } = await startGateway({ limits });
  let posts = 0;
  app.server.on('request', () => posts++);
  const count = client.countOpen.bind(client);
  client.countOpen = async (...of) => {
    const open = await count(...of);
    await waitUntil('all have come', () => posts >= 100);
    return open;
  };
  const answers = await Promise.all(Array.from({ length: 100 }, () => post(async)));
  const taken = answers.filter(({ status }) => status === 202);
  expect([taken.length, client.requests.size]).toEqual([20, 20]);
  expect(client.counts).toBeLessThan(5);
  const [refused] = answers.filter(({ status }) => status === 429);
  if (refused === undefined) throw new Error('none was refused');
  expect(refused.headers.get('retry-after')).toBe('2');
  expect(refused.headers.get('ratelimit')).toBe('"in-flight";r=0');
  expect(refused.headers.get('ratelimit-policy')).toBe('"in-flight";q=20;qu="concurrent-requests"');
  expect(await problemOf(refused)).toMatchObject({
    status: 429,
    error: 'TooManyRequestsError',
    detail: expect.stringMatching(/^20 requests of this tenant are open, and 20 may be\. Nothing was started\./),
  });
  const other = await post(async, OF_OTHER);
  expect([other.status, other.headers.get('ratelimit')]).toEqual([202, '"in-flight";r=19']);
});

test('[M16][M19] what others have started counts, and what has ended does not', async () => {
  const { post, client } = await startGateway({ limits: { ...limits, requestsInFlight: 2 } });
  client.adopt('req_elsewhere', 'acme', {});
  client.adopt('req_over', 'acme', { status: 'completed' });
  expect((await post(async)).status).toBe(202);
  expect((await post(async)).status).toBe(429);
  client.complete('req_elsewhere', 'done');
  await waitUntil('it is counted again', async () => (await post(async)).status === 202);
});

test('[M16][M19] who waits for the end makes room by it at once, however it ends', async () => {
  const { post, client } = await startGateway({ limits: { ...limits, requestsInFlight: 1 } });
  const ends: ((id: string) => void)[] = [
    (id) => client.complete(id, 'done'),
    (id) => client.fail(id, new ExternalAPIError('it failed', { outcome: 'final' })),
    (id) => client.complete(id, 'done'),
  ];
  for (const [n, end] of ends.entries()) {
    const answer = post({ data: n });
    await waitUntil('it waits', () => client.waits.length === n + 1);
    expect((await post(async)).status).toBe(429);
    end(client.lastId);
    expect((await answer).status).not.toBe(429);
  }
  expect(client.requests.size).toBe(3);
});

test('[M16] a post that starts nothing takes no place', async () => {
  const { post, client } = await startGateway({ limits: { ...limits, requestsInFlight: 1 } });
  expect((await post({ data: null })).status).toBe(400);
  const failing = vi.spyOn(client, 'process').mockRejectedValue(new TemporalUnavailableError('away'));
  expect((await post(async)).status).toBe(503);
  failing.mockRestore();
  expect((await post(async)).status).toBe(202);
  expect((await post(async)).status).toBe(429);
});

test('[M16] a start that may have happened takes a place', async () => {
  const { post, client } = await startGateway({ limits: { ...limits, requestsInFlight: 2 } });
  expect((await post(async)).status).toBe(202);
  const id = `req_${'Z'.repeat(26)}`;
  client.failure = () => Promise.reject(new TemporalUnavailableError('no answer', { requestId: id }));
  client.countOpen = (_, started = []) => Promise.resolve(started.length);
  expect((await post(async)).status).toBe(503);
  client.failure = null;
  expect((await post(async)).status).toBe(429);
});

test('[M16][M21] where Temporal does not count, all are let in, one line says so, and one that it counts again', async () => {
  const { post, client, log } = await startGateway({ limits: { ...limits, requestsInFlight: 1 } });
  client.countFailure = () => Promise.reject(new TemporalUnavailableError('The Temporal server failed: too busy.'));
  for (let n = 0; n < 5; n++) expect((await post(async)).status).toBe(202);
  const lines = (event: string) => log.filter((line) => line['event'] === event);
  expect(lines('open_requests_uncounted')).toMatchObject([
    { level: 'warn', reason: 'The Temporal server failed: too busy.' },
  ]);
  expect(client.counts).toBeLessThan(5);
  client.countFailure = null;
  await waitUntil('it is refused again', async () => (await post(async)).status === 429);
  expect(lines('open_requests_counted')).toHaveLength(1);
  expect(lines('open_requests_uncounted')).toHaveLength(1);
});
