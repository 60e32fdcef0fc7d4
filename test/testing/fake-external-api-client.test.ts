import { expect, test } from 'vitest';
import { APIRateLimitError, ExternalApiClient, TemporalUnavailableError } from '../../src/client/index.ts';
import { FakeExternalApiClient } from '../../src/testing/fake-external-api-client.ts';

test('[C4] the fake client goes where the client goes', async () => {
  const statusOf = async (client: ExternalApiClient, id: string) => (await client.status(id)).status;
  await using client = new FakeExternalApiClient();
  const { requestId } = await client.process({ data: 1 });
  expect(client).toBeInstanceOf(ExternalApiClient);
  expect(await statusOf(client, requestId)).toBe('completed');
});

test('[C4] the fake client answers in the order of its script, then with the data', async () => {
  await using client = new FakeExternalApiClient();
  client.answer(
    { status: 'completed', processedData: { sum: 3 }, metadata: { version: '9' } },
    { status: 'timed_out', failure: 'rateLimited', message: 'held back' },
  );
  const first = await client.process({ data: 1 });
  const second = await client.process({ data: 2 });
  const third = await client.process({ data: 3 });
  expect((await first.result()).result).toEqual({
    processedData: { sum: 3 },
    metadata: { processingTime: 0, version: '9' },
  });
  await expect(second.result()).rejects.toThrow(APIRateLimitError);
  await expect(second.result()).rejects.toMatchObject({ message: 'held back', retryable: true, outcome: 'refused' });
  expect((await third.result()).result.processedData).toBe(3);
});

test('[C4] a request of the fake client that runs is settled once', async () => {
  await using client = new FakeExternalApiClient();
  client.answer({ status: 'processing', providerRequestId: 'job-17' });
  const handle = await client.process({ data: 1 });
  const result = handle.result();
  expect(await handle.status()).toMatchObject({
    status: 'processing',
    providerRequestId: 'job-17',
    waitingFor: { reason: 'provider_processing' },
  });
  client.settle(handle.requestId, { status: 'completed', processedData: 'late' });
  expect((await result).result.processedData).toBe('late');
  expect(() => client.settle(handle.requestId, { status: 'processing' })).toThrow('has ended already: it is completed');
  expect(() => client.settle('req_1', { status: 'processing' })).toThrow('No request req_1 was started');
});

test('[C4] the fake client adopts work that failed with its id, and abandons what nobody wants', async () => {
  await using client = new FakeExternalApiClient();
  client.answer({ status: 'processing', providerRequestId: 'job-17' });
  const { requestId } = await client.process({ data: 1 });
  client.settle(requestId, { status: 'failed', failure: 'serverError', statusCode: 500 });
  expect(await client.status(requestId)).toMatchObject({ providerRequestId: 'job-17', error: { retryable: false } });
  const retry = await client.retry(requestId);
  expect(retry.adopted).toBe('job-17');

  client.answer({ status: 'outcome_unknown', failure: 'noAnswer' });
  const held = await client.process({ data: 2 });
  await client.resolve(held.requestId, { decision: 'abandon', by: 'jo', reason: 'a test' });
  await expect(held.result()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
});

test('[C4] the fake client records what is called from outside', async () => {
  await using client = new FakeExternalApiClient();
  client.answer({ status: 'failed', failure: 'unreachable' });
  const input = { data: { text: 'hello' } };
  const handle = await client.process(input, { idempotencyKey: 'order-1' });
  await client.retry(handle.requestId);
  await handle.status();
  await client.ping();
  expect(client.calls).toEqual([
    { method: 'process', args: [input, { idempotencyKey: 'order-1' }] },
    { method: 'retry', args: [handle.requestId] },
    { method: 'status', args: [handle.requestId] },
  ]);
});

test('[C4] the fake client can be down, and be closed with a call pending', async () => {
  const client = new FakeExternalApiClient();
  client.isDown = true;
  await expect(client.process({ data: 1 })).rejects.toThrow(TemporalUnavailableError);
  await expect(client.ping()).rejects.toThrow(TemporalUnavailableError);
  client.isDown = false;
  client.answer({ status: 'processing' });
  const pending = (await client.process({ data: 1 })).result();
  await client.close();
  await expect(pending).rejects.toThrow(TemporalUnavailableError);
  await expect(client.ping()).rejects.toThrow('The client was closed');
});

test('[C4] the fake client lists by status, tenant and time, page by page', async () => {
  await using client = new FakeExternalApiClient();
  const idsOf = async (...options: Parameters<ExternalApiClient['list']>) => {
    const ids: string[] = [];
    const list = client.list(...options);
    for await (const { requestId } of list) ids.push(requestId);
    return { ids, next: list.nextCursor };
  };
  client.answer(
    { status: 'completed', processedData: 1 },
    { status: 'failed', failure: 'rejected' },
    { status: 'timed_out', failure: 'noAnswer' },
    { status: 'outcome_unknown', failure: 'noAnswer' },
    { status: 'processing' },
  );
  const started = [];
  for (const data of [1, 2, 3, 4, 5]) started.push((await client.process({ data }, { tenant: 'acme' })).requestId);
  const [completed, failed, timedOut, unknown, running] = started;
  expect((await idsOf({ status: 'completed', tenant: 'acme' })).ids).toEqual([completed]);
  expect((await idsOf({ status: 'failed' })).ids).toEqual([failed]);
  expect((await idsOf({ status: 'timed_out' })).ids).toEqual([timedOut]);
  expect((await idsOf({ status: 'outcome_unknown' })).ids).toEqual([unknown]);
  expect(new Set((await idsOf({ status: 'running' })).ids)).toEqual(new Set([unknown, running]));
  expect((await idsOf({ tenant: 'other' })).ids).toEqual([]);
  expect((await idsOf({ endedSince: new Date(Date.now() + 60_000) })).ids).toEqual([]);
  const page = await idsOf({ limit: 2 });
  expect(page.ids).toHaveLength(2);
  const rest = await idsOf(page.next === null ? {} : { cursor: page.next });
  expect(new Set([...page.ids, ...rest.ids])).toEqual(new Set(started));
});
