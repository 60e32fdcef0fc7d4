import { expect, test } from 'vitest';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { OTHER, problemOf, startGateway } from './running-gateway.ts';

const by = 'tenant:acme';

test.each([
  ['all answers of the tenant', {}, { tenant: 'acme', by }],
  [
    'the answer to an input',
    { data: { a: 1 }, options: { async: true, callback_url: null } },
    { tenant: 'acme', by, input: { data: { a: 1 }, options: { async: true } } },
  ],
])("[M11][M19] a caller makes the cache forget %s, and its tenant is its key's", async (_, body, asked) => {
  const { client, invalidate } = await startGateway();
  const response = await invalidate(body);
  expect([response.status, await response.json()]).toEqual([200, { success: true }]);
  expect(client.invalidations).toEqual([asked]);
});

test('[M11][M19][M16] the answer to a request is for its own tenant to forget; to others there is no such request', async () => {
  const { client, post, invalidate } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  const requestId = client.lastId;
  expect(await problemOf(await invalidate({ request_id: requestId }, OTHER))).toMatchObject({ status: 404 });
  expect(client.invalidations).toEqual([]);
  expect((await invalidate({ request_id: requestId })).status).toBe(200);
  expect(client.invalidations).toEqual([{ requestId, by }]);
});

test.each<[string, unknown, string[]]>([
  ['a request and data', { request_id: 'req_1', data: 1 }, ['request_id']],
  ['options without data', { options: { async: true } }, ['options']],
  ['null data', { data: null }, ['data']],
  ['another tenant', { tenant: 'other' }, ['tenant']],
  ['no object', [], ['']],
])('[M12] %s is a 400 that names it, and nothing is forgotten', async (_, body, paths) => {
  const { client, invalidate } = await startGateway();
  const problem = await problemOf(await invalidate(body));
  expect(problem).toMatchObject({ status: 400, error: 'InvalidRequestError' });
  expect((problem['errors'] as { path: string }[]).map(({ path }) => path)).toEqual(paths);
  expect(client.invalidations).toEqual([]);
});

test('[M11][M19] without a worker it is a 503 that says what will still happen, and tells no caller where Temporal is', async () => {
  const { client, invalidate } = await startGateway();
  client.failure = () => Promise.reject(new TemporalUnavailableError('No answer of 10.0.0.1.'));
  const response = await invalidate({});
  expect(response.headers.get('retry-after')).toBe('5');
  expect(await problemOf(response)).toMatchObject({
    status: 503,
    detail: 'The answers are not forgotten yet; what was begun is still done. It may be repeated.',
  });
});
