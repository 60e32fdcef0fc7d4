import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInProcessStack, type HistoryEvent, type InProcessStack } from '../helpers/in-process-stack.ts';

const POLL = '/status/{request_id}';
let stack: InProcessStack;

beforeAll(async () => {
  // With `random` at its most there is no jitter: waits grow to 1.2 s, which is spent between attempts.
  stack = await startInProcessStack({ policy: { pollInitialMs: 20, pollMaxMs: 1_200 }, random: () => 1 });
});
afterAll(() => stack[Symbol.asyncDispose]());

function workflowTasks(events: HistoryEvent[]): number {
  return events.filter((event) => event.workflowTaskCompletedEventAttributes).length;
}

async function run(input: { async: boolean; jobDurationMs: number }) {
  stack.fake.settings.jobDurationMs = input.jobDurationMs;
  const handle = await stack.client.process({ data: input, options: { async: input.async } });
  await handle.result();
  const events = await stack.events(handle.requestId);
  return { events: events.length, workflowTasks: workflowTasks(events), polls: stack.count(handle.requestId, POLL) };
}

test('[N9][C1] a synchronous answer takes 17 events and 3 workflow tasks', async () => {
  expect(await run({ async: false, jobDurationMs: 0 })).toEqual({ events: 17, workflowTasks: 3, polls: 0 });
});

test('[N9][C1] authenticate, process and poll take 23 events and 4 workflow tasks, however often it is polled', async () => {
  const once = await run({ async: true, jobDurationMs: 0 });
  expect(once).toEqual({ events: 23, workflowTasks: 4, polls: 1 });
  // 20 ms growing by half: a dozen polls, the last of them in attempts of their own.
  const often = await run({ async: true, jobDurationMs: 5_000 });
  expect(often).toEqual({ events: 23, workflowTasks: 4, polls: expect.any(Number) });
  expect(often.polls).toBeGreaterThan(10);
});

test('[C2][M20] after the death of a worker a step goes on in a second, however many waits its attempts were', async () => {
  stack.fake.settings.jobDurationMs = 0;
  const handle = await stack.client.process({ data: 'policy', options: { async: true } });
  await handle.result();
  const scheduled = (await stack.events(handle.requestId)).flatMap(
    ({ activityTaskScheduledEventAttributes: attributes }) => attributes ?? [],
  );
  expect(scheduled.map(({ activityType }) => activityType?.name)).toEqual(['authenticate', 'process', 'pollStatus']);
  for (const { retryPolicy } of scheduled) {
    expect(retryPolicy?.backoffCoefficient).toBe(1);
    expect(Number(retryPolicy?.initialInterval?.seconds)).toBe(1);
    // No number of waits uses attempts up.
    expect(retryPolicy?.maximumAttempts).toBe(0);
  }
});

test('[M3] waits of over a second are spent between attempts, and go on growing from one to the next', async () => {
  await using slow = await startInProcessStack({
    policy: { pollInitialMs: 1_050, pollMaxMs: 60_000 },
    random: () => 1,
  });
  slow.fake.settings.jobDurationMs = 2_000;
  const handle = await slow.client.process({ data: 1, options: { async: true } });
  await handle.result();
  // After 1.05 s and after 1.05 + 1.575 s.
  expect(slow.count(handle.requestId, POLL)).toBe(2);
  const started = (await slow.events(handle.requestId)).map((event) => event.activityTaskStartedEventAttributes);
  expect(started.findLast((one) => one)?.attempt).toBe(3);
});
