import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RequestHandle, RequestSnapshot } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { LAST_LOOK_MS } from '../../src/submit/retry-plan.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { resetToBeforeSubmit } from '../helpers/reset-workflow.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
const LATER = { 'retry-after': '900' };
const DEADLINE_MS = 5_000;
/** Half of what a callback that moved the deadline would have added. */
const SLACK_MS = 2_000;

let stack: InProcessStack;

beforeAll(async () => void (stack = await startInProcessStack()));
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 600_000;
  stack.fake.settings.callbackCount = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

async function start(options: { async?: boolean } = {}, deadlineMs = DEADLINE_MS): Promise<RequestHandle> {
  return await stack.client.process({ data: 1, options }, { deadline: deadlineMs });
}

async function ended(handle: RequestHandle): Promise<RequestSnapshot> {
  await handle.result().catch(() => {});
  return await handle.status();
}

const tookMs = ({ createdAt, completedAt }: RequestSnapshot): number =>
  Date.parse(completedAt!) - Date.parse(createdAt);

/** Half a second of tolerance: the workflow begins after it was created. */
function expectAtDeadline(snapshot: RequestSnapshot, deadlineMs = DEADLINE_MS): void {
  expect(tookMs(snapshot)).toBeGreaterThanOrEqual(deadlineMs - 500);
  expect(tookMs(snapshot)).toBeLessThan(deadlineMs + SLACK_MS);
}

describe('a wait that is longer than what is left', () => {
  test('[N14] E6: of accepted work: it ends at the deadline, after a last look', async () => {
    stack.fake.script({ endpoint: '/process', fault: { kind: 'headers', headers: LATER } });
    const handle = await start({ async: true });
    const snapshot = await ended(handle);
    expectAtDeadline(snapshot);
    expect(snapshot).toMatchObject({
      status: 'timed_out',
      providerRequestId: expect.any(String),
      error: { type: 'APITimeoutError', retryable: false, outcome: 'ambiguous' },
    });
    expect(snapshot.error?.message).toMatch(/deadline of 5 s passed while the provider was still working on it/);
    const looks = stack.fake.ledger.filter(
      (call) => call.idempotencyKey === handle.requestId && call.endpoint === POLL,
    );
    expect(looks.length).toBeGreaterThanOrEqual(1);
    const lastSeconds = Date.parse(snapshot.createdAt) + DEADLINE_MS - LAST_LOOK_MS - 500;
    for (const { arrivedAt } of looks) expect(arrivedAt).toBeGreaterThan(lastSeconds);
  });

  test('[N14] E6: of accepted work that is finished by the last look: completed', async () => {
    stack.fake.settings.jobDurationMs = 1_500;
    stack.fake.script({ endpoint: '/process', fault: { kind: 'headers', headers: LATER } });
    const handle = await start({ async: true });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect(stack.count(handle.requestId, POLL)).toBe(1);
  });

  test('[N14] E6: of a status call: the same', async () => {
    stack.fake.settings.jobDurationMs = 1_500;
    stack.fake.script({ endpoint: POLL, fault: { kind: 'headers', headers: LATER } });
    const handle = await start({ async: true });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect(stack.count(handle.requestId, POLL)).toBe(2);
  });

  // Each has a provider of its own, and waits for its deadline: they wait together.
  test.concurrent.each([429, 503])(
    '[N14][M6] E6: of a submit that met %i: at the deadline, with that cause',
    async (code) => {
      await using own = await startInProcessStack();
      own.fake.script({ endpoint: '/process', times: 99, fault: { kind: 'status', code, headers: LATER } });
      const handle = await own.client.process({ data: 1 }, { deadline: DEADLINE_MS });
      const snapshot = await ended(handle);
      expectAtDeadline(snapshot);
      expect(snapshot).toMatchObject({
        status: 'timed_out',
        error: { statusCode: code, retryable: true, outcome: 'refused' },
      });
      // The provider is closed: another call would be one too many.
      expect(own.count(handle.requestId, '/process')).toBe(1);
    },
  );

  test.concurrent('[N14] E6: of a token call: at the deadline, with that cause', async () => {
    await using own = await startInProcessStack({ provider: { baseUrl: new URL('http://127.0.0.1:9') } });
    const handle = await own.client.process({ data: 1 }, { deadline: DEADLINE_MS });
    const snapshot = await ended(handle);
    expect(snapshot).toMatchObject({ error: { retryable: true, outcome: 'never-sent' } });
  });
});

describe('the deadline is one instant', () => {
  test('[N14] E7: callbacks do not move it', async () => {
    const handle = await start({ async: true });
    await waitUntil('it is polled', () => stack.count(handle.requestId, POLL) > 0);
    const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
    const { providerRequestId } = await handle.status();
    let isOver = false;
    const result = ended(handle).finally(() => (isOver = true));
    let sentAt: number[] = [];
    await waitUntil(
      'it is over',
      async () => {
        if (isOver) return true;
        // So rarely that each is heeded, or would have been.
        if (Date.now() - (sentAt.at(-1) ?? 0) < 900) return false;
        sentAt = [...sentAt, Date.now()];
        await workflow.signal('callbackReceived', { providerRequestId }).catch(() => {});
        return false;
      },
      15_000,
    );
    const snapshot = await result;
    expect(sentAt.length).toBeGreaterThan(3);
    expect(snapshot).toMatchObject({ status: 'timed_out' });
    expectAtDeadline(snapshot);
  });

  test('[N14][N1] E7: a hint does not move the end of the hold, and its end says what was named', async () => {
    stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const handle = await stack.client.process({ data: 1 }, { deadline: '1 minute', unknownHold: DEADLINE_MS });
    await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
    const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
    let isOver = false;
    const result = ended(handle).finally(() => (isOver = true));
    await waitUntil(
      'it is over',
      async () => {
        if (isOver) return true;
        await workflow.signal('callbackReceived', { providerRequestId: 'req_nobody_knows' }).catch(() => {});
        return false;
      },
      15_000,
    );
    const snapshot = await result;
    expect(snapshot).toMatchObject({ status: 'failed', error: { type: 'OutcomeUnknown', retryable: false } });
    expect(snapshot.error?.message).toContain('A callback named req_nobody_knows');
    expectAtDeadline(snapshot);
    expect(stack.count(handle.requestId, '/process')).toBe(1);
  });

  test('[N14][N1] E9: a workflow that is reset after its deadline to before its submit is held', async () => {
    const handle = await stack.client.process({ data: 1 }, { deadline: '3 seconds' });
    await handle.result();
    const { deadlineAt } = await handle.status();
    await waitUntil('its deadline has passed', () => Date.now() > Date.parse(deadlineAt!) + 100);
    await resetToBeforeSubmit(stack, handle.requestId);
    const held = await waitUntil('it is held', async () => {
      const snapshot = await handle.status();
      return snapshot.status === 'outcome_unknown' && snapshot;
    });
    expect(Date.parse(held.waitingFor!.until!)).toBeGreaterThan(Date.parse(held.updatedAt) + 2_900);
    await stack.client.resolve(handle.requestId, { decision: 'abandon', by: 'ann', reason: 'it was completed' });
    expect(stack.count(handle.requestId, '/process')).toBe(1);
  });
});
