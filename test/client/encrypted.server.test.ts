import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { ApplicationFailure, type Payload, type PayloadCodec } from '@temporalio/common';
import '../helpers/quiet-runtime.ts';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ExternalApiClient, ExternalAPIError, type RequestSnapshot } from '../../src/client/index.ts';
import { plainHistory } from '../../src/client/server-history.ts';
import type { AnswerActivities, ExternalApiActivities, InvalidateInput } from '../../src/contract/activities.ts';
import { STILL_PROCESSING, type ErrorDetails } from '../../src/contract/failures.ts';
import { TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A service that encrypts what Temporal keeps gives its own Temporal client to ours: everything must read as before. */

const base64 = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('base64');
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x5a);

/** A cipher in name only, but of the shape of all: nothing of a payload is left to see, its encoding least of all. */
const codec: PayloadCodec = {
  async encode(payloads) {
    return payloads.map(({ metadata, data }) => {
      const members = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
      const text = JSON.stringify({ metadata: Object.fromEntries(members), data: base64(data) });
      return { metadata: { encoding: Buffer.from('binary/encrypted') }, data: flipped(Buffer.from(text)) };
    });
  },
  async decode(payloads) {
    return payloads.map((payload): Payload => {
      if (Buffer.from(payload.metadata?.['encoding'] ?? []).toString() !== 'binary/encrypted') return payload;
      const text = Buffer.from(flipped(payload.data ?? new Uint8Array())).toString();
      const { metadata, data } = JSON.parse(text) as { metadata: Record<string, string>; data: string };
      const members = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
      return { metadata: Object.fromEntries(members), data: Buffer.from(data, 'base64') };
    });
  },
};

const dataConverter = {
  payloadCodecs: [codec],
  failureConverterPath: fileURLToPath(new URL('encode-failures.cjs', import.meta.url)),
};

function refusal(message: string, type: string, known: Partial<ErrorDetails>, retryable: boolean): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    type,
    nonRetryable: !retryable,
    details: [{ failure: null, outcome: null, statusCode: null, retryable: false, retryAfter: null, ...known }],
    nextRetryDelay: '10 minutes',
  });
}

const forgotten: InvalidateInput[] = [];
const RESULT = { processedData: { secret: 'answer' }, metadata: { processingTime: 1, version: '2.1' } };

/** What the input asks for happens. */
const activities: ExternalApiActivities & AnswerActivities = {
  authenticate: async () => ({ tokenGeneration: 1, expiresAt: null, mode: null }),
  process: async ({ data }) => {
    if (data === 'backs off')
      throw refusal('the secret reason', 'ExternalAPIError', { failure: 'serverError', statusCode: 500 }, true);
    if (data === 'refused')
      throw refusal('the secret refusal', 'ExternalAPIError', { failure: 'rejected', outcome: 'final' }, false);
    if (data === 'unknown')
      throw refusal('the secret loss', 'OutcomeUnknown', { failure: 'noAnswer', outcome: 'ambiguous' }, false);
    if (data === 'accepted') return { providerRequestId: 'job-1', result: null, firstPollAfterMs: null };
    return { providerRequestId: 'job-2', result: RESULT, firstPollAfterMs: null };
  },
  pollStatus: async () => {
    throw refusal('not yet', STILL_PROCESSING, {}, true);
  },
  cancelSubmitted: async () => ({ outcome: 'not_supported' }),
  fallBack: async () => null,
  invalidateAnswers: async (input) => void forgotten.push(input),
};

let temporal: TestTemporal;
let encrypting: Client;
let client: ExternalApiClient;
let stopWorkers: () => Promise<void>;

beforeAll(async () => {
  temporal = await connectToTemporal();
  const { connection, nativeConnection, namespace } = temporal;
  encrypting = new Client({ connection, namespace, dataConverter });
  client = new ExternalApiClient(encrypting);
  const workers = await Promise.all(
    Object.values(TASK_QUEUES).map((taskQueue) =>
      Worker.create({
        connection: nativeConnection,
        namespace,
        taskQueue,
        activities: { ...activities },
        dataConverter,
        workflowBundle: { codePath: inject('workflowBundlePath') },
      }),
    ),
  );
  const running = Promise.all(workers.map((worker) => worker.run()));
  let stopped: Promise<unknown> | null = null;
  stopWorkers = async () => {
    if (stopped === null) {
      for (const worker of workers) worker.shutdown();
      stopped = running;
    }
    await stopped;
  };
});
afterAll(async () => {
  await stopWorkers();
  await temporal.close();
});

async function waiting(requestId: string, reason: string): Promise<RequestSnapshot> {
  return await waitUntil(`it waits: ${reason}`, async () => {
    const snapshot = await client.status(requestId);
    return snapshot.waitingFor?.reason === reason && snapshot.waitingFor.until !== null ? snapshot : undefined;
  });
}

test('[M18][C3] with encrypted payloads, the status says what a request waits for, and why says what went wrong', async () => {
  const { requestId } = await client.process({ data: 'backs off' });
  expect(await waiting(requestId, 'retry_backoff')).toMatchObject({ status: 'submitting', tenant: 'default' });
  const why = await client.why(requestId);
  expect(why.sentence).toContain('ExternalAPIError: the secret reason (500)');
  expect(why.evidence.lastFailure).toMatchObject({ failure: 'serverError', statusCode: 500 });
});

test('[M18][C4] with encrypted payloads, every end is read: a result, a failure, a cancellation', async () => {
  const completed = await client.process({ data: 'done' });
  expect((await completed.result()).result).toEqual(RESULT);
  const failed = await client.process({ data: 'refused' });
  await expect(failed.result()).rejects.toThrow(ExternalAPIError);
  expect((await failed.status()).error).toMatchObject({ message: 'the secret refusal', outcome: 'final' });
  const cancelled = await client.process({ data: 'accepted' });
  await waiting(cancelled.requestId, 'provider_processing');
  await cancelled.cancel();
  await cancelled.result().catch(() => {});
  expect(await cancelled.status()).toMatchObject({ status: 'cancelled', cancellation: 'no_longer_watched' });
});

test('[M18][C4] with encrypted payloads, a list tells tenants and states', async () => {
  const { requestId } = await client.process({ data: 'unknown' }, { tenant: 'secretive' });
  const listed = await waitUntil('it is listed', async () => {
    for await (const request of client.list({ tenant: 'secretive', status: 'outcome_unknown' })) return request;
    return undefined;
  });
  expect(listed).toMatchObject({ requestId, tenant: 'secretive', status: 'outcome_unknown' });
});

test('[M18][C4] with encrypted payloads, equal requests that run at the same time are joined', async () => {
  const start = () => client.process({ data: 'accepted' }, { coalesce: true, tenant: 'joined' });
  const [first, second] = [await start(), await start()];
  expect(second.requestId).toBe(first.requestId);
  const keyed = () => client.process({ data: 'accepted' }, { idempotencyKey: 'one', tenant: 'joined' });
  expect((await keyed()).requestId).toBe((await keyed()).requestId);
});

test('[M18][N1] with encrypted payloads, an unknown outcome is resolved', async () => {
  const { requestId } = await client.process({ data: 'unknown' });
  await waiting(requestId, 'outcome_unknown');
  expect((await client.why(requestId)).sentence).toContain('the secret loss');
  await client.resolve(requestId, { decision: 'abandon', by: 'jo', reason: 'not there' });
  await client.result(requestId).catch(() => {});
  expect(await client.status(requestId)).toMatchObject({ status: 'failed', resolution: { by: 'jo' } });
});

test('[M18][M11] with encrypted payloads, answers are forgotten', async () => {
  const { requestId } = await client.process({ data: 'done' }, { tenant: 'forgetful' });
  await client.result(requestId);
  await client.invalidate({ requestId, by: 'jo' });
  expect(forgotten.at(-1)).toEqual({ tenant: 'forgetful', key: expect.stringMatching(/^[0-9a-f]{64}$/), by: 'jo' });
});

test('[M18][C3] with encrypted payloads and no worker, the history tells the state, and no history is plain', async () => {
  const { requestId } = await client.process({ data: 'accepted' });
  await waiting(requestId, 'provider_processing');
  await stopWorkers();
  expect(await client.status(requestId)).toMatchObject({
    stale: true,
    status: 'processing',
    providerRequestId: 'job-1',
    waitingFor: { reason: 'provider_processing' },
  });
  const raw = await encrypting.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  await expect(plainHistory(temporal.client, workflowIdOf(requestId), raw)).rejects.toThrow('Unknown encoding');
});
