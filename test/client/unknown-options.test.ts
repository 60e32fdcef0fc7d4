import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, test } from 'vitest';
import { ExternalApiClient, InvalidRequestError } from '../../src/client/index.ts';
import { nearest } from '../../src/contract/nearest.ts';

const ID = 'req_3M6K1E4TZJAEH5SCCQVTGS01T3';

const temporal = new Client({ connection: Connection.lazy({ address: '127.0.0.1:1' }) });
const client = new ExternalApiClient(temporal);
const handle = client.handle(ID);
afterAll(() => client.close());

/** What the call is refused with: before anything is sent, since there is nobody to send it to. */
async function refusal(call: () => unknown): Promise<unknown> {
  const error = await (async () => await call())().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof InvalidRequestError
    ? error.problems.map(({ path, message }) => `${path}: ${message}`)
    : error;
}

const data = { text: 'hello' };
const OF_PROCESS =
  'idempotencyKey, tenant, idempotency, coalesce, priority, kind, cache, cacheMaxAge, deadline, unknownHold, signal, schema';
const DECISION = { decision: 'abandon', by: 'jo', reason: 'x' };
const OF_DECISION = 'decision, providerRequestId, by, reason';
const OF_CLIENT = 'defaultDeadline, defaultUnknownHold, provider, budget, deliveryTargets, logger, hooks';

// Each is refused by the compiler too: see types.test.ts.
test.each<[string, () => unknown, string]>([
  [
    'process',
    () => client.process({ data }, { idempotency_key: 'order-1' } as object),
    `idempotency_key: is not known; did you mean idempotencyKey? There are: ${OF_PROCESS}`,
  ],
  [
    'process',
    () => client.process({ data }, { maxRetries: 3 } as object),
    `maxRetries: is not known; there are: ${OF_PROCESS}`,
  ],
  [
    'the input of process',
    () => client.process({ data, options: { callback_url: 'https://x/' } as object }),
    'options.callback_url: is not known; did you mean callbackUrl? There are: async, callbackUrl',
  ],
  [
    'result',
    () => client.result(ID, { timeoutMs: 5 } as object),
    'timeoutMs: is not known; did you mean timeout? There are: signal, timeout, schema',
  ],
  [
    'the result of a handle',
    () => handle.result({ scheme: null } as object),
    'scheme: is not known; did you mean schema? There are: signal, timeout, schema',
  ],
  [
    'status',
    () => client.status(ID, { tenent: 'acme' } as object),
    'tenent: is not known; did you mean tenant? There are: tenant',
  ],
  ['updates', () => client.updates(ID, { every: 1 } as object), 'every: is not known; there are: signal'],
  [
    'updates of a handle',
    () => handle.updates({ sginal: 1 } as object),
    'sginal: is not known; did you mean signal? There are: signal',
  ],
  ['retry', () => client.retry(ID, { because: 'x' } as object), 'because: is not known; there are: by, reason'],
  [
    'resolve',
    () => client.resolve(ID, { ...DECISION, provider_request_id: 'job-1' } as never),
    `provider_request_id: is not known; did you mean providerRequestId? There are: ${OF_DECISION}`,
  ],
  [
    'invalidate',
    () => client.invalidate({ tennant: 'acme' } as never),
    'tennant: is not known; did you mean tenant? There are: requestId, input, tenant, by',
  ],
  [
    'list',
    () => client.list({ state: 'failed' } as object),
    'state: is not known; did you mean status? There are: status, tenant, provider, since, endedSince, error, withErrors, limit, cursor',
  ],
  [
    'connect',
    () => ExternalApiClient.connect({ default_deadline: 1 } as object),
    `default_deadline: is not known; did you mean defaultDeadline? There are: temporal, ${OF_CLIENT}`,
  ],
  [
    'connect, of the connection',
    () => ExternalApiClient.connect({ temporal: { connectionOptions: { adress: 'a:1' } } as never }),
    'temporal.connectionOptions.adress: is not known; did you mean address? There are: address, tls, apiKey, metadata',
  ],
  [
    'the constructor',
    () => new ExternalApiClient(temporal, { temporal: {} } as object),
    `temporal: is not known; there are: ${OF_CLIENT}`,
  ],
  [
    'hooks',
    () => new ExternalApiClient(temporal, { hooks: { onretry: () => {} } as object }),
    'hooks.onretry: is not known; did you mean onRetry? There are: onRequestStarted, onRequestEnded, onRetry',
  ],
])('[M12][C4] an unknown option of %s is refused by name, with the one that was meant', async (_, call, problem) => {
  expect(await refusal(call)).toEqual([problem]);
});

test('[M12] each unknown option is named', async () => {
  const asked = () => client.process({ data }, { key: 'a', retries: 1, deadline: '1 hour' } as object);
  expect(await refusal(asked)).toEqual([
    `key: is not known; there are: ${OF_PROCESS}`,
    `retries: is not known; there are: ${OF_PROCESS}`,
  ]);
});

test.each<[string, () => unknown, string]>([
  ['a reason that is no text', () => handle.cancel({ reason: 'x' } as never), 'reason: must be a text'],
  ['a schema that is none', () => handle.result({ schema: {} as never }), 'schema: must implement https://standard'],
  ['a signal that is none', () => handle.result({ signal: {} as never }), 'signal: must be an AbortSignal'],
  ['a budget that is a URL', () => new ExternalApiClient(temporal, { budget: 'http://w' as never }), 'budget: must be'],
  ['a logger without debug', () => new ExternalApiClient(temporal, { logger: {} as never }), 'logger: must have the'],
  ['no options at all', () => new ExternalApiClient(temporal, null as never), 'Invalid input'],
  [
    'an address that is no text',
    () => ExternalApiClient.connect({ temporal: { connectionOptions: { address: 7233 as never } } }),
    'temporal.connectionOptions.address: must be host:port',
  ],
  ['a default that is no time', () => ExternalApiClient.connect({ defaultDeadline: 0 }), 'defaultDeadline: must be'],
])('[M12] %s is refused before anything happens', async (_, call, problem) => {
  expect(await refusal(call)).toEqual([expect.stringContaining(problem)]);
});

test('[M12] the word that was meant is the same in another spelling, or nearly', () => {
  const known = ['idempotencyKey', 'tenant', 'deadline'];
  expect(
    ['idempotency-key', 'IDEMPOTENCYKEY', 'idempotancyKey', 'tenantId', 'dedline'].map((word) => nearest(word, known)),
  ).toEqual(['idempotencyKey', 'idempotencyKey', 'idempotencyKey', 'tenant', 'deadline']);
  expect(['key', 'retries', 'x', ''].map((word) => nearest(word, known))).toEqual([null, null, null, null]);
});
