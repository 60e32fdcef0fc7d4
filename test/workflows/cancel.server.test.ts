import '../helpers/quiet-runtime.ts';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import {
  ExternalApiClient,
  RequestCancelledError,
  type RequestHandle,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
/** A provider whose contract has no cancel call, and one that has. */
let plain: InProcessStack;
let able: InProcessStack;

beforeAll(async () => {
  [plain, able] = await Promise.all([startInProcessStack(), startInProcessStack({ policy: { cancelCall: true } })]);
  able.fake.settings.cancel = 'on';
});
beforeEach(() => {
  for (const { fake } of [plain, able]) {
    fake.clearFaults();
    fake.settings.jobDurationMs = 60_000;
  }
});
afterAll(() => Promise.all([plain[Symbol.asyncDispose](), able[Symbol.asyncDispose]()]));

function seen(stack: InProcessStack, requestId: string, method: string) {
  return stack.fake.ledger.filter((call) => call.idempotencyKey === requestId && call.method === method);
}

async function cancelled(handle: RequestHandle): Promise<RequestSnapshot> {
  await handle.cancel('no longer needed');
  await expect(handle.result()).rejects.toThrow(RequestCancelledError);
  return await handle.status();
}

async function polling(stack: InProcessStack): Promise<RequestHandle> {
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await waitUntil('it is polled', () => stack.count(handle.requestId, POLL) > 0);
  return handle;
}

test('[N11] cancelled before the submit: nothing is sent', async () => {
  plain.fake.script({
    endpoint: '/process',
    times: 99,
    fault: { kind: 'status', code: 429, headers: { 'retry-after': '3' } },
  });
  const handle = await plain.client.process({ data: 1 });
  await waitUntil('it waits', async () => (await handle.status()).waitingFor?.reason === 'cool_down');
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'nothing_sent' });
  expect(seen(plain, handle.requestId, 'POST').map(({ statusCode }) => statusCode)).toEqual([429]);
});

test('[N11] cancelled while the POST is in flight: it is not cut, and its answer is kept', async () => {
  plain.fake.script({ endpoint: '/process', fault: { kind: 'delay', ms: 1_500 } });
  const handle = await plain.client.process({ data: 1 });
  await waitUntil('the POST is at the provider', () => seen(plain, handle.requestId, 'POST').length === 1);
  await handle.cancel('no longer needed');
  expect(await handle.result()).toMatchObject({ status: 'completed', cancellation: 'finished_anyway' });
  expect(seen(plain, handle.requestId, 'POST')).toMatchObject([{ statusCode: 200, executed: true }]);
});

test('[N11] cancelled after the submit, where the provider cannot cancel: no longer watched, and it says so', async () => {
  const handle = await polling(plain);
  expect(await cancelled(handle)).toMatchObject({
    status: 'cancelled',
    cancellation: 'no_longer_watched',
    providerRequestId: expect.stringMatching(/^req_/),
    completedAt: expect.any(String),
  });
  expect(seen(plain, handle.requestId, 'DELETE')).toEqual([]);
});

test('[N11] cancelled after the submit, where the provider can: it is told, once', async () => {
  const handle = await polling(able);
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'cancelled_at_provider' });
  expect(seen(able, handle.requestId, 'DELETE')).toMatchObject([{ statusCode: 200, executed: true }]);
});

test('[N11] the call to cancel is repeated as any other', async () => {
  const handle = await polling(able);
  able.fake.script({
    endpoint: POLL,
    match: { idempotencyKey: handle.requestId },
    skip: 0,
    times: 2,
    fault: { kind: 'status', code: 500 },
  });
  expect(await cancelled(handle)).toMatchObject({ cancellation: 'cancelled_at_provider' });
});

test('[N11] a job that finished before the provider was told: its result is kept', async () => {
  able.fake.settings.jobDurationMs = 700;
  able.fake.script({ endpoint: POLL, fault: { kind: 'headers', headers: { 'retry-after': '600' } } });
  const handle = await polling(able);
  const startedAt = Date.now();
  await waitUntil('the job is done', () => Date.now() > startedAt + 800);
  await handle.cancel('too late');
  expect(await handle.result()).toMatchObject({ status: 'completed', cancellation: 'finished_anyway' });
  expect(seen(able, handle.requestId, 'DELETE')).toMatchObject([{ statusCode: 409 }]);
});

test('[N11] a provider that says it cannot cancel after all is believed', async () => {
  able.fake.settings.cancel = 'off';
  const handle = await polling(able);
  const snapshot = await cancelled(handle);
  able.fake.settings.cancel = 'on';
  expect(snapshot).toMatchObject({ cancellation: 'no_longer_watched' });
});

test('[N11] cancelled while the outcome is unknown: it says that nobody knows', async () => {
  plain.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await plain.client.process({ data: 1 });
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
});

test('[N11] a worker that would send again cannot say that nothing was sent', async () => {
  await using keyed = await startInProcessStack({
    policy: { idempotency: 'key', retryDelayMs: 60_000 },
    random: () => 1,
  });
  keyed.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await keyed.client.process({ data: 1 });
  await waitUntil('it backs off', async () => (await handle.status()).waitingFor?.reason === 'retry_backoff');
  expect(await cancelled(handle)).toMatchObject({ cancellation: 'outcome_unknown' });
});

test('[N11] cancelled after a lost reply was sent again: the first one may have been executed', async () => {
  plain.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await plain.client.process({ data: 1 });
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  plain.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 429, headers: { 'retry-after': '3' } } });
  await plain.client.resolve(handle.requestId, { decision: 'resubmit', by: 'ann', reason: 'a guess' });
  await waitUntil('it waits', async () => (await handle.status()).waitingFor?.reason === 'cool_down');
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
});

test('[N11] cancelled in the moment in which an earlier answer was found: it finished anyway, and says so', async () => {
  const temporal = await connectToTemporal();
  const shared = {
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    taskQueue: TASK_QUEUES.requests,
  };
  const workflows = { ...shared, workflowBundle: { codePath: inject('workflowBundlePath') } };
  const result = { processedData: 'an earlier answer', metadata: { processingTime: null, version: null } };
  const cached = { result, storedAt: new Date().toISOString() };
  const authenticate = async () => ({ tokenGeneration: null, expiresAt: null, mode: null, cached });
  const handle = await new ExternalApiClient(temporal.client).process({ data: 1 });
  const saw = async (attributes: 'activityTaskScheduledEventAttributes' | 'activityTaskCompletedEventAttributes') => {
    const { events } = await temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).fetchHistory();
    return events?.some((event) => event[attributes]) ?? false;
  };
  const scheduled = () => waitUntil('it is scheduled', () => saw('activityTaskScheduledEventAttributes'));
  const found = () => waitUntil('it is found', () => saw('activityTaskCompletedEventAttributes'));
  // Workflow tasks and activities apart, so that the workflow sees both at once.
  await (await Worker.create({ ...workflows, stickyQueueScheduleToStartTimeout: 1 })).runUntil(scheduled);
  await (await Worker.create({ ...shared, activities: { authenticate } })).runUntil(found);
  await handle.cancel('too late');
  await (await Worker.create(workflows)).runUntil(handle.result());
  expect(await handle.status()).toMatchObject({
    status: 'completed',
    source: 'cache',
    cancellation: 'finished_anyway',
  });
  await temporal.close();
});
