import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  ExternalAPIError,
  IdempotencyConflictError,
  InvalidRequestError,
  NothingToDecideError,
  NotRetryableError,
  RequestCancelledError,
  RequestFinishedError,
  RequestNotFoundError,
  ResultTimeoutError,
  type ExternalApiClient,
  type RequestSummary,
} from '../../src/client/index.ts';
// A worker has its workflows from dist/.
import { FakeExternalApiClient, processedDataOf, startTestStack } from '#product/testing/index.js';
import { waitUntil } from '../helpers/wait-until.ts';

/** A client, and what makes its provider do something with the next request. */
interface Subject extends AsyncDisposable {
  client: ExternalApiClient;
  resultOf(data: unknown): unknown;
  nextRejected(): void;
  nextLost(): void;
  nextPending(): void;
}

async function allOf(list: AsyncIterable<RequestSummary>): Promise<RequestSummary[]> {
  const all: RequestSummary[] = [];
  for await (const one of list) all.push(one);
  return all;
}

function fake(): Subject {
  const client = new FakeExternalApiClient();
  return {
    client,
    resultOf: (data) => data,
    nextRejected: () => client.answer({ status: 'failed', failure: 'rejected', statusCode: 422 }),
    nextLost: () => client.answer({ status: 'outcome_unknown', failure: 'noAnswer' }),
    nextPending: () => client.answer({ status: 'processing' }),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function whole(): Promise<Subject> {
  const stack = await startTestStack({ temporalAddress: inject('temporalAddress') });
  const { client, provider } = stack;
  const fails = (code: number) => provider.script({ endpoint: '/process', fault: { kind: 'status', code } });
  return {
    client,
    resultOf: (data) => processedDataOf(data),
    nextRejected: () => fails(422),
    nextLost: () => fails(500),
    nextPending: () => (provider.settings.jobDurationMs = 600_000),
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

describe.each([
  ['the fake client', fake],
  ['the true one, in a test stack', whole],
])('%s', (_, start) => {
  let subject: Subject;
  let client: ExternalApiClient;
  beforeAll(async () => {
    subject = await start();
    ({ client } = subject);
  });
  afterAll(() => subject[Symbol.asyncDispose]());

  test('[C4] gives the result, the status and the place in a list of a request', async () => {
    const handle = await client.process({ data: { n: 1 } }, { tenant: 'acme' });
    const { status, result, source } = await handle.result();
    expect({ status, data: result.processedData, source }).toEqual({
      status: 'completed',
      data: subject.resultOf({ n: 1 }),
      source: 'provider',
    });
    expect(await handle.status()).toMatchObject({
      tenant: 'acme',
      status: 'completed',
      stale: false,
      waitingFor: null,
    });
    const listed = await waitUntil('it is listed', async () => {
      const requests = await allOf(client.list({ tenant: 'acme', status: 'completed' }));
      return requests.length > 0 && requests;
    });
    expect(listed.map(({ requestId }) => requestId)).toEqual([handle.requestId]);
  });

  test('[C4] knows a key again, and refuses it with another input', async () => {
    const first = await client.process({ data: 1 }, { idempotencyKey: 'k' });
    const again = await client.process({ data: 1 }, { idempotencyKey: 'k' });
    const others = await client.process({ data: 1 }, { idempotencyKey: 'k', tenant: 'acme' });
    expect(again.requestId).toBe(first.requestId);
    expect(others.requestId).not.toBe(first.requestId);
    const conflict = client.process({ data: 2 }, { idempotencyKey: 'k' });
    await expect(conflict).rejects.toThrow(IdempotencyConflictError);
    await expect(conflict).rejects.toMatchObject({ requestId: first.requestId });
    // What the provider does next is for the request of the next test.
    await Promise.all([first.result(), others.result()]);
  });

  test('[M12] refuses what it does not know, and what is wrong, by its path', async () => {
    const misspelt = { idempotency_key: 'k' } as object;
    await expect(client.process({ data: 1 }, misspelt)).rejects.toThrow('idempotency_key: is not known');
    await expect(client.process({ data: 1 }, { deadline: 'banana' as '1 h' })).rejects.toThrow(InvalidRequestError);
    await expect(client.process({ data: 1 }, { tenant: 'a b' })).rejects.toThrow(InvalidRequestError);
    await expect(client.status('req_1')).rejects.toThrow(RequestNotFoundError);
    await expect(client.status(`req_${'0'.repeat(26)}`)).rejects.toThrow(RequestNotFoundError);
  });

  test('[M6] throws what the provider said, and says what may be done', async () => {
    subject.nextRejected();
    const { requestId, result } = await client.process({ data: 3 });
    const seen = await result().catch((error: unknown) => error);
    expect(seen).toBeInstanceOf(ExternalAPIError);
    expect(seen).toMatchObject({ statusCode: 422, outcome: 'final', failure: 'rejected', retryable: false, requestId });
    const snapshot = await client.status(requestId);
    expect(snapshot).toMatchObject({ status: 'failed', error: { type: 'ExternalAPIError', failure: 'rejected' } });
    expect((await client.why(requestId)).sentence).toContain('failed');
    await expect(client.cancel(requestId)).rejects.toThrow(RequestFinishedError);
  });

  test('[N18] sends a failed request again as a new one, once', async () => {
    subject.nextRejected();
    const { requestId, result } = await client.process({ data: 4 });
    await result().catch(() => {});
    const retry = await client.retry(requestId);
    expect((await retry.result()).result.processedData).toEqual(subject.resultOf(4));
    expect(await client.retry(requestId)).toMatchObject({ requestId: retry.requestId, started: false });
    expect(await client.status(requestId)).toMatchObject({ retriedBy: retry.requestId });
    await expect(client.retry(retry.requestId)).rejects.toThrow(NotRetryableError);
  });

  test('[N1] holds a request whose answer was lost until a person decides', async () => {
    subject.nextLost();
    const { requestId, result } = await client.process({ data: 5 });
    await waitUntil('it is unknown', async () => (await client.status(requestId)).status === 'outcome_unknown');
    const by = { by: 'jo', reason: 'a test' };
    const decided = await client.resolve(requestId, { decision: 'resubmit', ...by });
    expect(decided.resolution).toMatchObject({ decision: 'resubmit', ...by });
    expect((await result()).result.processedData).toEqual(subject.resultOf(5));
    await expect(client.resolve(requestId, { decision: 'abandon', ...by })).rejects.toThrow(NothingToDecideError);
  });

  test('[C4][N11] waits no longer than it is told, and cancels', async () => {
    subject.nextPending();
    const handle = await client.process({ data: 6, options: { async: true } }, { idempotencyKey: 'running' });
    const { requestId } = handle;
    const other = client.process({ data: 7, options: { async: true } }, { idempotencyKey: 'running' });
    await expect(other).rejects.toThrow(IdempotencyConflictError);
    await waitUntil('it is processing', async () => (await handle.status()).status === 'processing');
    await expect(handle.result({ timeout: 50 })).rejects.toThrow(ResultTimeoutError);
    const running = await allOf(client.list({ status: 'running', limit: 1 }));
    expect(running).toEqual([expect.objectContaining({ requestId, status: 'running' })]);
    const followed: string[] = [];
    const follow = async (): Promise<void> => {
      for await (const { status } of handle.updates()) followed.push(status);
    };
    const end = follow();
    await waitUntil('it is followed', () => followed.length > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(RequestCancelledError);
    await end;
    expect(followed).toEqual(['processing', 'cancelled']);
    expect(await handle.status()).toMatchObject({ status: 'cancelled', cancellation: 'no_longer_watched' });
  });
});
