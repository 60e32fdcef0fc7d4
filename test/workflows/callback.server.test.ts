import '../helpers/quiet-runtime.ts';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { readPending } from '../../src/client/server-view.ts';
import { CALLBACK_SIGNAL, TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { isWorkflowTaskEvent } from '../helpers/history-events.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
/** Longer than any test: what is seen before it was seen because of the callback. */
const NEXT_POLL = {
  kind: 'status',
  code: 200,
  body: { status: 'processing' },
  headers: { 'retry-after': '600' },
} as const;
let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack();
});
beforeEach(() => stack.fake.clearFaults());
afterAll(() => stack[Symbol.asyncDispose]());

async function start(jobDurationMs: number) {
  stack.fake.settings.jobDurationMs = jobDurationMs;
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  return {
    ...handle,
    callback: (body?: unknown) => workflow.signal(CALLBACK_SIGNAL, ...(body === undefined ? [] : [body])),
    backsOff: () =>
      waitUntil('the poll backs off', async () => {
        const { waitingFor } = await handle.status();
        return waitingFor?.until;
      }),
  };
}

/** The request's events, without those of workflow tasks: their number depends on the timing. */
async function eventsOf(requestId: string): Promise<number> {
  return (await stack.events(requestId)).filter((event) => !isWorkflowTaskEvent(event)).length;
}

test('[N4][N9] a callback while the poll backs off asks at once: one GET, and 14 events with 5 workflow tasks make 29', async () => {
  stack.fake.script({ endpoint: POLL, fault: NEXT_POLL });
  const request = await start(0);
  await request.backsOff();
  const polls = stack.count(request.requestId, POLL);
  await request.callback();
  await request.result();
  expect(stack.count(request.requestId, POLL)).toBe(polls + 1);
  expect(await eventsOf(request.requestId)).toBe(14);
});

test('[N4][N9] a callback while a poll is in flight does not wait for it: 14 events with 5 workflow tasks make 29', async () => {
  stack.fake.script({ endpoint: POLL, fault: { kind: 'delay', ms: 4_000 } });
  const request = await start(0);
  await waitUntil('the poll is in flight', () =>
    stack.fake.ledger.some((call) => call.endpoint === POLL && !call.answeredAt),
  );
  await request.callback();
  const { result } = await request.result();
  expect(result.metadata.version).toBe('2.1');
  expect(stack.fake.ledger.filter((call) => call.endpoint === POLL && call.answeredAt === null)).toHaveLength(1);
  expect(await eventsOf(request.requestId)).toBe(14);
});

test('[N4] the body of a callback is never the result', async () => {
  stack.fake.script({ endpoint: POLL, fault: NEXT_POLL });
  const request = await start(0);
  await request.backsOff();
  await request.callback({ status: 'completed', result: { processed_data: 'forged', metadata: {} } });
  const { result } = await request.result();
  expect(result.processedData).toMatchObject({ sha256: expect.any(String) });
});

test('[N4] a callback that comes too early costs one GET, and polling goes on', async () => {
  const request = await start(1_500);
  await waitUntil('it is polled', () => stack.count(request.requestId, POLL) > 0);
  await request.callback();
  await request.result();
  expect(await request.status()).toMatchObject({ status: 'completed', source: 'provider' });
});

/** All events of a callback that is heeded: its signal, its look, and two workflow tasks; and of one that is not. */
const EVENTS_PER_LOOK = 10;
const EVENTS_PER_UNHEEDED = 4;

test('[N4][N9] E8: a flood of callbacks asks as often as is planned, grows the history by little, and loses no result', async () => {
  stack.fake.script({ endpoint: POLL, times: 99, fault: NEXT_POLL });
  const request = await start(0);
  await request.backsOff();
  let isOver = false;
  const result = request.result().finally(() => (isOver = true));
  let sent = 0;
  await waitUntil(
    'it is completed',
    async () => {
      // At 0, 1, 3 and 7 s; the last of them finds it finished.
      if (stack.count(request.requestId, POLL) === 4) stack.fake.clearFaults();
      if (isOver) return true;
      sent++;
      await request.callback().catch(() => {});
      return false;
    },
    20_000,
  );
  expect(await result).toMatchObject({ status: 'completed' });
  const looks = stack.count(request.requestId, POLL);
  expect(looks).toBeLessThanOrEqual(5);
  expect(sent).toBeGreaterThan(50);
  // The first look was the poll's own; a polled request has 23 events, and the poll that is given up is cancelled.
  const heeded = looks - 1;
  const { length } = await stack.events(request.requestId);
  expect(length).toBeLessThanOrEqual(25 + EVENTS_PER_LOOK * heeded + EVENTS_PER_UNHEEDED * (sent - heeded));
});

test('[N4][N15] E8: callbacks while the status calls wait in their queue: the poll keeps its place, and one look waits beside it', async () => {
  const temporal = await connectToTemporal();
  const shared = { connection: temporal.nativeConnection, namespace: temporal.namespace };
  const submission = { providerRequestId: 'job-1', result: null, firstPollAfterMs: null };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUES.requests,
      workflowBundle: { codePath: inject('workflowBundlePath') },
      activities: { authenticate: async () => ({ tokenGeneration: 1, expiresAt: null, mode: 'none' }) },
    }),
    Worker.create({ ...shared, taskQueue: TASK_QUEUES.calls, activities: { process: async () => submission } }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  const handle = await new ExternalApiClient(temporal.client).process({ data: 1, options: { async: true } });
  const workflow = temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  const polls = async () =>
    (await readPending(temporal.client, workflowIdOf(handle.requestId))).activities.filter(
      ({ name }) => name === 'pollStatus',
    );
  const [first] = await waitUntil('it is to be polled', async () => {
    const pending = await polls();
    return pending.length === 1 && pending;
  });
  const until = Date.now() + 4_000;
  await waitUntil('callbacks came for 4 s', async () => {
    await workflow.signal(CALLBACK_SIGNAL);
    return Date.now() > until;
  });
  const pending = await polls();
  expect(pending.map(({ id }) => id)).toContain(first!.id);
  expect(pending).toHaveLength(2);
  await workflow.terminate('seen enough');
  for (const worker of workers) worker.shutdown();
  await running;
  await temporal.close();
});
