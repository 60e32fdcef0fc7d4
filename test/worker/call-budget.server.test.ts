import { expect, test } from 'vitest';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { worstWindow } from '../../bench/sliding-window.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { workflowIdOf } from '../../src/contract/names.ts';

const BACKLOG_TIMEOUT = 60_000;

function arrivals(stack: InProcessStack): number[] {
  return stack.fake.ledger.map(({ arrivedAt }) => arrivedAt);
}

function refused(stack: InProcessStack): number {
  return stack.fake.ledger.filter(({ statusCode }) => statusCode === 429).length;
}

async function isPending(stack: InProcessStack, requestId: string, activity: string): Promise<boolean> {
  const { raw } = await stack.temporal.client.workflow.getHandle(workflowIdOf(requestId)).describe();
  return raw.pendingActivities?.[0]?.activityType?.name === activity;
}

test(
  '[M9][N3][N9] a backlog goes out at the limit: no window over it, no 429, no history for waiting',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    const [limit, windowMs] = [20, 1_000];
    await using stack = await startInProcessStack({
      budget: { limit, windowMs },
      fake: { settings: { rateLimit: limit, rateWindowMs: windowMs } },
    });
    const handles = await Promise.all(Array.from({ length: 100 }, (_, n) => stack.client.process({ data: { n } })));
    await Promise.all(handles.map((handle) => handle.result()));
    expect(refused(stack)).toBe(0);
    expect(worstWindow(arrivals(stack), windowMs)).toBe(limit);
    expect(stack.calls.filter(({ operation }) => operation === 'submit')).toHaveLength(100);
    expect(stack.calls.every(({ retryCount }) => retryCount === 0)).toBe(true);
    const lengths = await Promise.all(handles.map(async ({ requestId }) => (await stack.events(requestId)).length));
    expect(new Set(lengths)).toEqual(new Set([17]));
  },
);

test(
  '[N3] interactive requests pass a bulk backlog that has used its whole share: a tenth is kept for them',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    const [limit, windowMs] = [30, 2_000];
    await using stack = await startInProcessStack({ budget: { limit, windowMs } });
    const bulk = await Promise.all(
      Array.from({ length: 80 }, (_, n) => stack.client.process({ data: { n } }, { priority: 'bulk' })),
    );
    await waitUntil('bulk has used its share', async () => (await stack.budget.state()).bulkWaitMs > 0);
    const sentBefore = stack.fake.ledger.length;
    const urgent = await stack.client.process({ data: 'urgent' });
    await urgent.result();
    const position = stack.fake.ledger.findIndex(({ idempotencyKey }) => idempotencyKey === urgent.requestId);
    // Bulk goes on beside it, but not before it: at most what leaves the window meanwhile.
    expect(position - sentBefore).toBeLessThan(limit);
    expect(stack.fake.ledger.length).toBeLessThan(bulk.length);
    await Promise.all(bulk.map((handle) => handle.result()));
    expect(worstWindow(arrivals(stack), windowMs)).toBeLessThanOrEqual(limit);
  },
);

test(
  '[N3] tenants take turns: ten requests of one are not behind hundreds of another',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    // So slow that the crowd still waits when the few have come, however long their starts take.
    await using stack = await startInProcessStack({ budget: { limit: 10, windowMs: 2_000 } });
    const crowd = await Promise.all(
      Array.from({ length: 150 }, (_, n) => stack.client.process({ data: { n } }, { tenant: 'crowd' })),
    );
    await waitUntil('the crowd waits', async () => (await stack.budget.state()).waitMs > 0);
    const few = await Promise.all(
      Array.from({ length: 10 }, (_, n) => stack.client.process({ data: { few: n } }, { tenant: 'few' })),
    );
    await Promise.all(few.map((handle) => handle.result()));
    const submits = stack.fake.ledger.filter(({ endpoint }) => endpoint === '/process');
    const isOfFew = ({ idempotencyKey }: { idempotencyKey: string | null }): boolean =>
      few.some(({ requestId }) => requestId === idempotencyKey);
    const first = submits.findIndex(isOfFew);
    const last = submits.findLastIndex(isOfFew);
    // One of each in turn, beside what was on its way to a worker already.
    expect(last - first).toBeLessThan(3 * few.length);
    expect(last).toBeLessThan(crowd.length);
    await Promise.all(crowd.map((handle) => handle.cancel().catch(() => {})));
  },
);

test(
  '[N2][M5] a 429 closes the provider for all: only what is on the wire still arrives, and then all go on',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    await using stack = await startInProcessStack({ budget: {} });
    await (await stack.client.process({ data: 'first' })).result();
    stack.fake.script({
      endpoint: '/process',
      fault: { kind: 'status', code: 429, headers: { 'retry-after': '3' } },
      skip: 10,
    });
    const handles = await Promise.all(Array.from({ length: 60 }, (_, n) => stack.client.process({ data: { n } })));
    await Promise.all(handles.map((handle) => handle.result()));
    const { ledger } = stack.fake;
    const refusal = ledger.find(({ statusCode }) => statusCode === 429);
    const closedAt = refusal?.answeredAt ?? 0;
    const onTheWire = ledger.filter(
      ({ arrivedAt, answeredAt }) => arrivedAt <= closedAt && (answeredAt ?? 0) > closedAt,
    );
    const during = ledger.filter(({ arrivedAt }) => arrivedAt > closedAt && arrivedAt < closedAt + 2_900);
    // Its answer needs a moment to come here, too.
    expect(during.filter(({ arrivedAt }) => arrivedAt > closedAt + 100)).toEqual([]);
    expect(during.length).toBeLessThanOrEqual(onTheWire.length + 3);
    expect(ledger.filter(({ statusCode }) => statusCode === 429)).toHaveLength(1);
  },
);

test(
  '[N2][C2] in an outage one call at a time asks whether it is over: the others wait, uncounted, and none of them fails',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    const outageAfter = 5;
    await using stack = await startInProcessStack({
      budget: { outageAfter, probeMs: 200 },
      policy: { idempotency: 'key' },
    });
    const down = { endpoint: '/process', times: 1_000_000, fault: { kind: 'status', code: 500 } } as const;
    await (await stack.client.process({ data: 'first' })).result();
    stack.fake.script(down);
    const handles = await Promise.all(Array.from({ length: 40 }, (_, n) => stack.client.process({ data: { n } })));
    await waitUntil('it is seen', async () => (await stack.budget.state()).closedBy === 'outage');
    const failures = (): number => stack.fake.ledger.filter(({ statusCode }) => statusCode === 500).length;
    const before = failures();
    await waitUntil('three probes have failed', () => failures() >= before + 3);
    stack.fake.clearFaults();
    const ends = await Promise.all(handles.map((handle) => handle.result()));
    expect(ends.every(({ status }) => status === 'completed')).toBe(true);
    // What was on the wire when it was seen, and a probe or two that began before the end was.
    expect(failures()).toBeLessThanOrEqual(outageAfter + 8 + 3 + 2);
  },
);

test('[M9] a worker shuts down at once while its gate is closed', async () => {
  const stack = await startInProcessStack({ budget: { limit: 1, windowMs: 3_600_000 } });
  // The token takes the only permit, and the submit waits for the next hour.
  const { requestId } = await stack.client.process({ data: 1 });
  await waitUntil('the submit waits', async () => await isPending(stack, requestId, 'process'));
  const startedAt = performance.now();
  await stack[Symbol.asyncDispose]();
  // With work in hand it would wait for minutes.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

test(
  '[M14][N6] a budget that defers: what is counted are calls, in the log and in the status, and not the waits between them',
  { timeout: BACKLOG_TIMEOUT },
  async () => {
    // One call in a window that is longer than a call waits for its permit in the activity.
    await using stack = await startInProcessStack({ budget: { limit: 1, windowMs: 5_300 } });
    const warm = await stack.client.process({ data: 'gets the token' });
    await warm.result();
    stack.fake.revokeTokens();
    const handle = await stack.client.process({ data: 'meets a 401' });
    const waits = new Map<number, number>();
    await waitUntil(
      'it is done',
      async () => {
        const { status, waitingFor } = await handle.status();
        // The second call may be on its way before the request is seen to be done.
        const isBefore = waitingFor !== null && waitingFor.reason !== 'provider_call';
        if (status === 'submitting' && isBefore) waits.set(waitingFor.attempt, waitingFor.calls);
        return status === 'completed';
      },
      50_000,
    );
    const submits = stack.calls.filter(
      ({ requestId, operation }) => requestId === handle.requestId && operation === 'submit',
    );
    expect(submits).toMatchObject([
      { statusCode: 401, retryCount: 0 },
      { statusCode: 200, retryCount: 1 },
    ]);
    // It gave its turn back, and was told of one call all the while.
    expect(Math.max(...waits.keys())).toBeGreaterThan(1);
    expect(Math.max(...waits.values())).toBe(1);
  },
);
