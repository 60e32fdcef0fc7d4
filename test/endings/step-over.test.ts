import { RetryState, TimeoutType } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { STILL_PROCESSING, type FailureName } from '../../src/contract/failures.ts';
import type { Outcome } from '../../src/contract/values.ts';
import { ending } from '../../src/endings/ending.ts';
import { cancelledBetweenSteps, readStepOver, tooLateToBegin, type StepFacts } from '../../src/endings/step-over.ts';

const FACTS: StepFacts = {
  step: 'process',
  mode: 'none',
  providerRequestId: null,
  namedBy: 'submit',
  sentBefore: false,
  cancelRequested: false,
  confirmedUnsent: false,
};
const CANCEL = { cancelRequested: true };
const RECORD = { calls: 1, failures: 1, waits: 0, last: null, untilDeadline: false, ended: false };

const over = (retryState: RetryState, cause: Error) =>
  new ActivityFailure('failed', 'process', '2', retryState, '', cause);

/** As the attempt throws it. */
function failed(
  outcome: Outcome,
  failure: FailureName,
  retryState: RetryState = RetryState.NON_RETRYABLE_FAILURE,
  statusCode: number | null = null,
) {
  const details = [{ outcome, failure, statusCode, providerRequestId: null }];
  return over(retryState, ApplicationFailure.create({ type: 'ExternalAPIError', message: 'it failed', details }));
}

/** As the server ends it, with what the last attempt recorded. */
function timedOut(type: TimeoutType, record: object | null, retryState: RetryState = RetryState.NON_RETRYABLE_FAILURE) {
  return over(retryState, new TimeoutFailure('timeout', record, type));
}

const cancelled = (...details: unknown[]) =>
  over(RetryState.NON_RETRYABLE_FAILURE, new CancelledFailure('cancelled', details));

const LAST = {
  type: 'APIRateLimitError',
  message: 'Too Many Requests',
  details: { outcome: 'refused', failure: 'rateLimited' },
};

const ENDED = { ended: true, sending: false, mayHaveRun: false };
const FINAL = {
  ...ENDED,
  last: { type: 'ExternalAPIError', message: 'no', details: { outcome: 'final', failure: 'reportedFailure' } },
};
const UNKNOWN = {
  ...ENDED,
  mayHaveRun: true,
  last: { type: 'OutcomeUnknown', message: '500', details: { outcome: 'ambiguous', failure: 'serverError' } },
};

/** How the poll of an id that only a callback named can end, but with a result. */
/** What the server says, and what was seen of it on a server 1.29. */
test.each<[string, ActivityFailure, Partial<StepFacts>, object]>([
  [
    'a failure that an attempt ended with',
    failed('refused', 'unauthorized'),
    {},
    { over: 'gave_up', failure: 'unauthorized', outcome: 'refused', confirmed: true, message: 'it failed' },
  ],
  [
    'an unknown outcome, of a worker that is stricter than the one that authenticated',
    over(
      RetryState.NON_RETRYABLE_FAILURE,
      ApplicationFailure.create({ type: 'OutcomeUnknown', message: 'lost', details: [{ outcome: 'ambiguous' }] }),
    ),
    { mode: 'resend' },
    { over: 'gave_up', outcome: 'ambiguous', mode: 'key' },
  ],
  [
    'a retry that would come after the deadline',
    failed('refused', 'rateLimited', RetryState.TIMEOUT),
    {},
    { over: 'deadline', failure: 'rateLimited', outcome: 'refused', confirmed: true },
  ],
  [
    'a retry that a cancellation forbids',
    failed('ambiguous', 'serverError', RetryState.CANCEL_REQUESTED),
    CANCEL,
    { over: 'cancelled', outcome: 'ambiguous', confirmed: true },
  ],
  [
    'a last look that found it running',
    over(RetryState.TIMEOUT, ApplicationFailure.create({ type: STILL_PROCESSING, message: 'it works on it' })),
    { step: 'pollStatus', providerRequestId: 'job-1' },
    { over: 'deadline', failure: null, lookedLast: true, outcome: 'ambiguous', providerRequestId: 'job-1' },
  ],
  [
    'the deadline, before any worker had it',
    timedOut(TimeoutType.SCHEDULE_TO_START, null),
    {},
    { over: 'deadline', outcome: 'never-sent', failure: null },
  ],
  [
    'the deadline, with an intent',
    timedOut(TimeoutType.SCHEDULE_TO_CLOSE, { ...RECORD, sending: true, mayHaveRun: false }),
    {},
    { over: 'deadline', outcome: 'ambiguous' },
  ],
  [
    'the deadline, after a refusal',
    timedOut(TimeoutType.SCHEDULE_TO_CLOSE, { ...RECORD, last: LAST, sending: false, mayHaveRun: false }),
    {},
    { over: 'deadline', outcome: 'refused', failure: 'rateLimited', message: 'Too Many Requests' },
  ],
  [
    'the provider’s final word, of a worker that died before it was told',
    timedOut(TimeoutType.HEARTBEAT, { ...RECORD, ...FINAL }, RetryState.CANCEL_REQUESTED),
    CANCEL,
    { over: 'cancelled', failure: 'reportedFailure', outcome: 'final', message: 'no', type: 'ExternalAPIError' },
  ],
  [
    'an unknown outcome, of a worker that died before it was told',
    timedOut(TimeoutType.SCHEDULE_TO_CLOSE, { ...RECORD, ...UNKNOWN }),
    { mode: 'resend' },
    { over: 'deadline', failure: 'serverError', outcome: 'ambiguous', mode: 'key' },
  ],
  [
    'the deadline, no record, mode none',
    timedOut(TimeoutType.SCHEDULE_TO_CLOSE, null),
    {},
    { over: 'deadline', outcome: 'never-sent' },
  ],
  [
    'the deadline, no record, mode key',
    timedOut(TimeoutType.SCHEDULE_TO_CLOSE, null),
    { mode: 'key' },
    { over: 'deadline', outcome: 'ambiguous' },
  ],
  [
    'a worker that died while cancellation was asked for',
    timedOut(TimeoutType.HEARTBEAT, { ...RECORD, sending: true, mayHaveRun: false }, RetryState.CANCEL_REQUESTED),
    CANCEL,
    { over: 'cancelled', outcome: 'ambiguous', confirmed: true },
  ],
  [
    'a cancel that the attempt answered',
    cancelled({ outcome: 'never-sent' }),
    CANCEL,
    { over: 'cancelled', outcome: 'never-sent', confirmed: true },
  ],
  [
    'a cancel that the server answered, and nobody asked before',
    cancelled('ACTIVITY_ID_NOT_STARTED'),
    CANCEL,
    { over: 'cancelled', outcome: 'never-sent', confirmed: false },
  ],
  [
    'the same, which nobody asked for: the time of a run that was reset is up',
    cancelled('ACTIVITY_ID_NOT_STARTED'),
    { sentBefore: true },
    { over: 'deadline', outcome: 'ambiguous' },
  ],
  [
    'a cancel that the server answered, after it said that nothing was sent',
    cancelled('ACTIVITY_ID_NOT_STARTED'),
    { ...CANCEL, confirmedUnsent: true },
    { over: 'cancelled', outcome: 'never-sent', confirmed: true },
  ],
  [
    'the same, after an earlier submit that nobody answered',
    cancelled('ACTIVITY_ID_NOT_STARTED'),
    { ...CANCEL, confirmedUnsent: true, sentBefore: true },
    { over: 'cancelled', outcome: 'ambiguous' },
  ],
  [
    'a token that could not be had',
    failed('ambiguous', 'serverError'),
    { step: 'authenticate' },
    { step: 'authenticate', outcome: 'never-sent' },
  ],
  [
    'a status call that failed: the work may be done all the same',
    failed('refused', 'unauthorized'),
    { step: 'pollStatus', providerRequestId: 'job-1' },
    { outcome: 'ambiguous', providerRequestId: 'job-1' },
  ],
  [
    'a 404 for an id that the provider gave',
    failed('final', 'declined', undefined, 404),
    { step: 'pollStatus', providerRequestId: 'job-1' },
    { outcome: 'ambiguous', idInDoubt: false },
  ],
  [
    'a 404 for an id that a person named',
    failed('final', 'declined', undefined, 404),
    { step: 'pollStatus', providerRequestId: 'job-1', namedBy: 'person' },
    { outcome: 'ambiguous', idInDoubt: true },
  ],
  [
    'another refusal of an id that a person named',
    failed('final', 'forbidden', undefined, 403),
    { step: 'pollStatus', providerRequestId: 'job-1', namedBy: 'person' },
    { outcome: 'ambiguous', idInDoubt: true },
  ],
  [
    'a job that failed, of an id that a person named',
    failed('final', 'reportedFailure'),
    { step: 'pollStatus', providerRequestId: 'job-1', namedBy: 'person' },
    { outcome: 'final', idInDoubt: false },
  ],
  [
    'a status call that failed, of an id that a person named',
    failed('ambiguous', 'serverError'),
    { step: 'pollStatus', providerRequestId: 'job-1', namedBy: 'person' },
    { outcome: 'ambiguous', idInDoubt: false },
  ],
  [
    'no credentials for a second submit, after one that nobody answered',
    failed('final', 'invalidClient'),
    { step: 'authenticate', sentBefore: true },
    { outcome: 'ambiguous' },
  ],
])('[N14] E1 E2 E6: %s', (_what, failure, facts, expected) => {
  expect(readStepOver(failure, { ...FACTS, ...facts })).toMatchObject(expected);
});

test('[N14][N11] E2: a worker died after its submit, and the next attempt is cancelled in the queue: nobody says unsent', () => {
  const step = readStepOver(cancelled('ACTIVITY_ID_NOT_STARTED'), { ...FACTS, ...CANCEL });
  expect(ending(step)).toEqual({ end: 'cancelled', cancellation: 'outcome_unknown' });
});

test('[N14][N1] E1: cancelled between two steps, with an id that a person or a list named: the provider is told', () => {
  const facts: StepFacts = { ...FACTS, ...CANCEL, step: 'pollStatus', providerRequestId: 'job-1', sentBefore: true };
  for (const namedBy of ['person', 'lookup'] as const) {
    expect(ending(cancelledBetweenSteps({ ...facts, namedBy }))).toMatchObject({ next: 'cancel_work' });
  }
});

test.each<[string, Partial<StepFacts>, object]>([
  ['the first step', { step: 'authenticate' }, { end: 'timed_out' }],
  ['a submit', { step: 'process' }, { end: 'timed_out' }],
  ['a submit after one that nobody answered', { step: 'process', sentBefore: true }, { next: 'hold' }],
  ['a poll of accepted work', { step: 'pollStatus', providerRequestId: 'job-1' }, { end: 'timed_out' }],
])('[N14][M6] E6: the deadline passed before %s began', (_what, facts, expected) => {
  expect(ending(tooLateToBegin({ ...FACTS, ...facts }))).toMatchObject(expected);
});
