import { describe, expect, test } from 'vitest';
import type { PendingActivity, PendingTask } from '../../src/client/server-view.ts';
import { lastFailureOf, mayWaitForPermit, waitingFor } from '../../src/client/waiting-for.ts';
import type { BudgetView } from '../../src/contract/budget-view.ts';
import { FAILURES, STILL_PROCESSING, type ErrorDetails, type FailureName } from '../../src/contract/failures.ts';
import { initialState, type RequestState } from '../../src/contract/request.ts';
import { TASK_QUEUES } from '../../src/contract/names.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';
import type { WaitReason } from '../../src/contract/values.ts';

const NOW = new Date('2026-11-23T12:00:00.000Z');
const AT = (seconds: number): string => new Date(NOW.getTime() + seconds * 1000).toISOString();

const QUEUE_OF: Record<string, string> = {
  authenticate: TASK_QUEUES.requests,
  process: TASK_QUEUES.calls,
  pollStatus: TASK_QUEUES.polls,
  cancelSubmitted: TASK_QUEUES.polls,
};

function activity(name: string, more: Partial<PendingActivity> = {}): PendingActivity {
  return {
    id: '1',
    name,
    state: 'scheduled',
    attempt: 1,
    taskQueue: QUEUE_OF[name] ?? null,
    scheduledAt: AT(-12),
    lastStartedAt: null,
    lastAttemptCompletedAt: null,
    nextAttemptAt: null,
    heartbeat: undefined,
    lastFailure: null,
    lastWorker: null,
    pausedAt: null,
    ...more,
  };
}

const BULK = { taskQueue: TASK_QUEUES.bulk };

/** Its last attempt failed 3 s ago; the next one is due in `inSeconds`. */
function failed(
  failure: FailureName | null,
  inSeconds: number,
  type: string | null = failure && FAILURES[failure].type,
): Partial<PendingActivity> {
  const details = failure && ({ failure, statusCode: 429 } as ErrorDetails);
  return {
    attempt: 2,
    lastAttemptCompletedAt: AT(-3),
    nextAttemptAt: AT(inSeconds),
    lastFailure: { kind: type === null ? 'timeout' : 'application', type, message: 'what was said', details },
  };
}

const running = (heartbeat?: object): Partial<PendingActivity> => ({
  state: 'started',
  lastStartedAt: AT(-5),
  heartbeat,
});

const USED_UP: BudgetView = { ...OPEN_BUDGET, closedBy: 'budget', nextPermitMs: 5_000, bulkNextPermitMs: 9_000 };
const BULK_USED_UP: BudgetView = { ...OPEN_BUDGET, bulkNextPermitMs: 9_000 };
const COOLING: BudgetView = { ...OPEN_BUDGET, closedBy: 'cool_down', nextPermitMs: 30_000, bulkNextPermitMs: 30_000 };
const DOWN: BudgetView = { ...COOLING, closedBy: 'outage' };

const state: RequestState = { ...initialState('req_01ARZ3NDEKTSV4RRFFQ69G5FAV', AT(-20)), status: 'submitting' };

function waits(pending: PendingActivity, budget: BudgetView | null) {
  return waitingFor(state, { activities: [pending], task: null }, budget, NOW);
}

type Row = [
  title: string,
  pending: PendingActivity,
  budget: BudgetView | null,
  reason: WaitReason,
  until: number | null,
];

describe('work that stands in its queue', () => {
  test.each<Row>([
    ['nobody says what the budget is', activity('process'), null, 'worker', null],
    ['the budget has room', activity('process'), OPEN_BUDGET, 'worker', null],
    ['the budget is used up', activity('process'), USED_UP, 'budget', 5],
    ['the provider asked to wait', activity('process'), COOLING, 'cool_down', 30],
    ['the provider is down', activity('process'), DOWN, 'cool_down', 30],
    ['a status call in the queue of its own, and the budget is used up', activity('pollStatus'), USED_UP, 'budget', 5],
    ['a status call, and the provider is down', activity('pollStatus'), DOWN, 'cool_down', 30],
    ['a status call, and only bulk has to wait', activity('pollStatus'), BULK_USED_UP, 'worker', null],
    ['a cancellation, and the budget is used up', activity('cancelSubmitted'), USED_UP, 'budget', 5],
    ['an older server, which tells no queue', activity('process', { taskQueue: null }), USED_UP, 'budget', 5],
    ['only bulk has to wait, and it is bulk', activity('process', BULK), BULK_USED_UP, 'budget', 9],
    ['only bulk has to wait, and it is not', activity('process'), BULK_USED_UP, 'worker', null],
    ['bulk, and the budget is used up', activity('process', BULK), USED_UP, 'budget', 9],
    ['bulk, and the provider asked to wait', activity('process', BULK), COOLING, 'cool_down', 30],
    ['its retry time has come, no room', activity('process', failed('overBudget', -1)), USED_UP, 'budget', 5],
    ['its retry time has come, room', activity('process', failed('overBudget', -1)), OPEN_BUDGET, 'worker', null],
    ['a step that the budget does not hold back', activity('authenticate'), USED_UP, 'worker', null],
  ])('[N6][M9] %s', (_title, pending, budget, reason, until) => {
    expect(waits(pending, budget)).toMatchObject({ reason, until: until === null ? null : AT(until) });
  });

  test('[N6] the wait began when it was scheduled, or when its retry was due', () => {
    expect(waits(activity('process'), USED_UP)?.since).toBe(AT(-12));
    expect(waits(activity('process', failed('overBudget', -1)), USED_UP)?.since).toBe(AT(-1));
  });
});

describe('work that is tried again later says so, whatever the budget says meanwhile', () => {
  test.each<[FailureName | typeof STILL_PROCESSING | null, WaitReason]>([
    ['overBudget', 'budget'],
    ['coolingDown', 'cool_down'],
    ['outage', 'cool_down'],
    ['rateLimited', 'cool_down'],
    ['unavailableUntil', 'cool_down'],
    ['notSigned', 'retry_backoff'],
    ['notRecorded', 'retry_backoff'],
    ['unreachable', 'retry_backoff'],
    ['serverError', 'retry_backoff'],
    ['noAnswer', 'retry_backoff'],
    [null, 'retry_backoff'],
    [STILL_PROCESSING, 'provider_processing'],
  ])('[N6][M9] %s: %s', (failure, reason) => {
    const last = failure === STILL_PROCESSING ? failed(null, 7, STILL_PROCESSING) : failed(failure, 7);
    for (const budget of [null, OPEN_BUDGET, USED_UP, DOWN]) {
      expect(waits(activity('process', last), budget)).toEqual({
        reason,
        since: AT(-3),
        until: AT(7),
        attempt: 2,
        calls: 0,
      });
    }
  });
});

describe('work that a worker has taken', () => {
  test.each<Row>([
    ['its call may be on its way', activity('process', running({ sending: true })), USED_UP, 'provider_call', null],
    ['it has not said yet', activity('process', running()), USED_UP, 'provider_call', null],
    ['it has not sent, no room', activity('process', running({ sending: false })), USED_UP, 'budget', 5],
    ['it has not sent, cool-down', activity('process', running({ sending: false })), COOLING, 'cool_down', 30],
    ['it has not sent, room', activity('process', running({ sending: false })), OPEN_BUDGET, 'provider_call', null],
    ['it has not sent, nobody knows', activity('process', running({ sending: false })), null, 'provider_call', null],
    ['a poll', activity('pollStatus', running({ sending: false })), USED_UP, 'provider_processing', null],
    ['a token call', activity('authenticate', running()), USED_UP, 'provider_call', null],
  ])('[N6][M9] %s', (_title, pending, budget, reason, until) => {
    const expected = { reason, since: AT(-5), until: until === null ? null : AT(until), attempt: 1, calls: 0 };
    expect(waits(pending, budget)).toEqual(expected);
  });
});

describe('no activity is pending', () => {
  const task = (isStarted: boolean): PendingTask => ({ isStarted, scheduledAt: AT(-4), attempt: 1 });
  test.each<[string, PendingTask | null, object | null]>([
    ["the workflow's own step", task(false), { reason: 'worker', since: AT(-4), until: null }],
    ['a worker has that step', task(true), null],
    ['between two steps', null, null],
  ])('[N6] %s', (_title, pending, expected) => {
    const waiting = waitingFor(state, { activities: [], task: pending }, USED_UP, NOW);
    if (expected === null) expect(waiting).toBeNull();
    else expect(waiting).toMatchObject(expected);
  });
});

describe('what only an operator can mend', () => {
  const task: PendingTask = { isStarted: false, scheduledAt: AT(-40), attempt: 4 };
  const failing = { reason: 'task_failing', since: AT(-40), until: null, attempt: 4, calls: 0 };
  test.each<[string, Partial<RequestState>, PendingActivity[], PendingTask]>([
    ['no activity', {}, [], task],
    ['an activity that runs', {}, [activity('process', running())], task],
    ['a worker has it just now', {}, [], { ...task, isStarted: true }],
    ['an unknown outcome', { status: 'outcome_unknown' }, [], task],
  ])('[N6] a workflow task that fails goes before all else: %s', (_, more, activities, pending) => {
    const request = { ...initialState('req_1', AT(-60)), ...more };
    expect(waitingFor(request, { activities, task: pending }, USED_UP, NOW)).toEqual(failing);
  });

  test.each<[string, Partial<PendingActivity>, WaitReason]>([
    ['it stands in its queue', { state: 'paused', pausedAt: AT(-7) }, 'paused'],
    ['it would be tried again', { ...failed('serverError', 5), state: 'paused', pausedAt: AT(-7) }, 'paused'],
    ['its attempt still runs', { ...running(), pausedAt: AT(-7) }, 'provider_call'],
  ])('[N6] a paused step says so, whatever the budget says: %s', (_, more, reason) => {
    const request: RequestState = { ...initialState('req_1', AT(-60)), status: 'submitting' };
    const pending = { activities: [activity('process', more)], task: null };
    expect(waitingFor(request, pending, USED_UP, NOW)).toMatchObject({ reason });
    expect(mayWaitForPermit(pending, NOW)).toBe(false);
  });
});

test('[N6][N1] an unknown outcome waits for a decision, until its hold ends', () => {
  const unknown: RequestState = { ...state, status: 'outcome_unknown', updatedAt: AT(-9), holdUntil: AT(60) };
  expect(waitingFor(unknown, { activities: [], task: null }, USED_UP, NOW)).toEqual({
    reason: 'outcome_unknown',
    since: AT(-9),
    until: AT(60),
    attempt: 1,
    calls: 0,
  });
  const looking = activity('findSubmitted', running({ calls: 3 }));
  expect(waitingFor(unknown, { activities: [looking], task: null }, null, NOW)).toMatchObject({ calls: 3 });
});

test("[N13][N6] a request that is polled says the provider's own word, as of its latest answer", () => {
  const said = (pending: PendingActivity): string | undefined => waits(pending, null)?.providerStatus;
  const heartbeat = { status: 'rendering' };
  const pending = [
    activity('pollStatus', running(heartbeat)),
    activity('pollStatus', { ...failed(null, 7, STILL_PROCESSING), heartbeat }),
    activity('pollStatus', { ...failed('serverError', 7), heartbeat }),
    activity('pollStatus', running({ status: null })),
    activity('pollStatus', running()),
    activity('cancelSubmitted', running(heartbeat)),
  ];
  expect(pending.map(said)).toEqual(['rendering', 'rendering', 'rendering', undefined, undefined, undefined]);
});

test('[N13][N6] of a step and the lookup beside it, the one that is waited for says why', () => {
  const activities = [
    activity('pollStatus', failed('serverError', 7)),
    activity('findSubmitted', failed('noAnswer', 7)),
  ];
  for (const pending of [activities, activities.toReversed()].map((both) => ({ activities: both, task: null }))) {
    expect(lastFailureOf(pending, 'outcome_unknown')?.failure).toBe('noAnswer');
    expect(lastFailureOf(pending, 'processing')?.failure).toBe('serverError');
  }
});

test('[N6] the budget is asked only where it can be what a request waits for', () => {
  const asked = (pending?: PendingActivity): boolean =>
    mayWaitForPermit({ activities: pending ? [pending] : [], task: null }, NOW);
  expect([activity('process'), activity('process', running({ sending: false }))].map(asked)).toEqual([true, true]);
  const others = [
    activity('authenticate'),
    activity('process', failed('serverError', 7)),
    activity('process', running()),
  ];
  expect([...others, undefined].map(asked)).toEqual([false, false, false, false]);
});

test('[N6] the last failure is told with its row, its class, its words and its status code; "not yet" is none', () => {
  const last = (pending: Partial<PendingActivity>) =>
    lastFailureOf({ activities: [activity('process', pending)], task: null }, 'submitting');
  const message = 'what was said';
  expect(last(failed('rateLimited', 7))).toEqual({
    failure: 'rateLimited',
    type: 'APIRateLimitError',
    message,
    statusCode: 429,
  });
  expect(last(failed(null, 7))).toEqual({ failure: null, type: null, message, statusCode: null });
  expect(last(failed(null, 7, STILL_PROCESSING))).toBeNull();
  expect(last({})).toBeNull();
});

test('[N6][M14] the calls of a step are those that its worker made: a wait is an attempt, and no call', () => {
  const told = (name: string, heartbeat?: object) =>
    waits(activity(name, { ...failed('overBudget', 7), attempt: 9, heartbeat }), null);
  const progress = { calls: 2, tokenCalls: 1 };
  expect(told('process', progress)).toMatchObject({ attempt: 9, calls: 2 });
  expect(told('pollStatus', progress)).toMatchObject({ attempt: 9, calls: 2 });
  expect(told('authenticate', progress)).toMatchObject({ attempt: 9, calls: 1 });
  expect(told('process')).toMatchObject({ attempt: 9, calls: 0 });
});
