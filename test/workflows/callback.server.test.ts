import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import { isWorkflowTaskEvent } from '../helpers/history-events.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
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

test('[N4][N9] a callback while the poll backs off asks at once: one GET, and 15 events with 6 workflow tasks make 33', async () => {
  stack.fake.script({ endpoint: POLL, fault: NEXT_POLL });
  const request = await start(0);
  await request.backsOff();
  const polls = stack.count(request.requestId, POLL);
  await request.callback();
  await request.result();
  expect(stack.count(request.requestId, POLL)).toBe(polls + 1);
  expect(await eventsOf(request.requestId)).toBe(15);
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

/** A look that a callback asked for costs no more events than this, so that those of an hour, at most 70, stay below 500. */
const EVENTS_PER_LOOK = 7;

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
  const ours = (await stack.events(request.requestId)).filter(
    (event) => !isWorkflowTaskEvent(event) && !event.workflowExecutionSignaledEventAttributes,
  );
  expect(ours.length).toBeLessThanOrEqual(11 + EVENTS_PER_LOOK * looks);
});
