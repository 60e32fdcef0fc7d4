import { expect, test, vi } from 'vitest';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import type { RequestSnapshot } from '../../src/contract/request.ts';
import { startGateway } from './running-gateway.ts';

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
