import { expect, test, vi } from 'vitest';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import type { RequestSnapshot } from '../../src/contract/request.ts';
import { forCallers } from '../../src/gateway/callers-words.ts';
import { startGateway } from './running-gateway.ts';

test.each([
  ['No answer from http://10.1.2.3:8080 within 30 s', 'No answer from the provider within 30 s'],
  ['Could not connect to https://api.acme.internal: ECONNREFUSED', 'Could not connect to the provider: ECONNREFUSED'],
  [
    'http://10.0.0.1 is not at a public address: nothing was sent',
    'The provider is not at a public address: nothing was sent',
  ],
  ['The certificate of https://[fd00::1]:8443 was not accepted', 'The certificate of the provider was not accepted'],
  [
    "The request's deadline of 60 s passed. Last: No answer from http://svc:81 within 30 s; it could not be looked at once more",
    "The request's deadline of 60 s passed. Last: No answer from the provider within 30 s; it could not be looked at once more",
  ],
  [
    'Could not get a token: The proxy http://squid:3128 does not connect to api.acme.com:443 (407): check its user. Nothing was sent',
    'Could not get a token: The provider could not be reached. Nothing was sent',
  ],
  [
    'Could not connect to the proxy http://squid:3128 (ENOTFOUND): check that it is up, and EXTERNAL_API_PROXY_URL. Nothing was sent',
    'The provider could not be reached. Nothing was sent',
  ],
  ['Bad Request: upstream 10.1.2.3:9000 said no', 'Bad Request: upstream an address said no'],
  ['Bad Request: ::1 and fe80::1:2 and [::ffff:10.0.0.1]:80', 'Bad Request: an address and an address and an address'],
  ['Bad Request: db-1.prod.svc is away, localhost:5432 too', 'Bad Request: an address is away, an address too'],
  ['Bad Request: cannot open /var/lib/app/x.db, sorry', 'Bad Request: cannot open a file, sorry'],
])('[M12][N7] %j is told as %j', (text, told) => {
  expect(forCallers(text)).toBe(told);
});

test.each([
  'Bad Request: /data/items/0 must be a string',
  'Bad Request: code:1234, at 12:34:56, version 2.1.0, field a.b.c is missing',
  'The work failed at 2026-11-23T17:50:41.406Z (id 0af3:11)',
  'Bad Request: a proxy said 502',
  'rate Limit Exceeded',
])('[M12] %j is told as it is', (text) => {
  expect(forCallers(text)).toBe(text);
});

const INSIDE = [
  '10.9.8.7',
  '7233',
  'temporal.acme.internal',
  'squid',
  '3128',
  'provider.example',
  '/run/secrets',
  'wiki',
];
const PLANTED =
  'No answer from https://provider.example:8443/base within 30 s, via 10.9.8.7:7233 and temporal.acme.internal (/run/secrets/key). ' +
  'The proxy http://squid:3128 does not connect to provider.example:8443 (407): ask. Nothing was sent';

test('[M12][N7][M19] nothing of the inside reaches a caller, by whatever way a message takes', async () => {
  const { client, post, status, resolve, invalidate, url, log } = await startGateway();
  const texts: string[] = [];
  const keep = async (response: Response): Promise<void> => {
    texts.push(`${JSON.stringify([...response.headers])} ${await response.text()}`);
  };
  const error = {
    type: 'ExternalAPIError',
    message: PLANTED,
    statusCode: null,
    retryable: true,
    outcome: null,
  } as const;

  const failing = post({ data: 1 });
  await vi.waitUntil(() => client.waits.length === 1);
  client.fail(client.lastId, createExternalAPIError('ExternalAPIError', PLANTED, { failure: 'noAnswer' }));
  await keep(await failing);

  const fallenBack = post({ data: 2 });
  await vi.waitUntil(() => client.waits.length === 2);
  client.complete(client.lastId, 'OLD', { source: 'fallback', error });
  await keep(await fallenBack);
  await keep(await status(client.lastId));

  const decided: Partial<RequestSnapshot> = {
    status: 'outcome_unknown',
    error,
    resolution: { decision: 'abandon', providerRequestId: null, by: 'root', reason: 'see https://wiki/4711', at: '' },
  };
  client.change(client.lastId, decided);
  await keep(await status(client.lastId));
  await keep(await resolve(client.lastId, { decision: 'resubmit', reason: 'x' }));

  client.failure = () =>
    Promise.reject(
      new TemporalUnavailableError(`The Temporal server at temporal.acme.internal:7233 failed. ${PLANTED}`),
    );
  await keep(await post({ data: 3 }));
  await keep(await status(client.lastId));
  await keep(await resolve(client.lastId, { decision: 'abandon', reason: 'x' }));
  await keep(await invalidate({}));
  await keep(await fetch(`${url}/readyz`));
  client.failure = () => Promise.reject(new Error(PLANTED));
  await keep(await post({ data: 4 }));
  await keep(await fetch(`${url}/readyz`));

  expect(texts).toHaveLength(12);
  for (const text of texts) for (const part of INSIDE) expect(text).not.toContain(part);
  // Operators read all of it.
  expect(JSON.stringify(log)).toContain('temporal.acme.internal:7233');
});

test('[M19] what a caller wrote itself as the reason of its decision stays as it is', async () => {
  const { client, post, resolve } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 1 });
  client.change(client.lastId, { status: 'outcome_unknown' });
  const reason = 'see https://tickets.acme.com/4711';
  const response = await resolve(client.lastId, { decision: 'abandon', reason });
  expect(await response.json()).toMatchObject({ resolution: { reason } });
});
