import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import {
  ApplicationFailure,
  defaultPayloadConverter,
  RetryState,
  TimeoutFailure,
  TimeoutType,
} from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { plainHistory, type HistoryEvent } from '../../src/client/server-history.ts';
import { stateFromHistory } from '../../src/client/state-from-history.ts';
import type { Authentication, Found } from '../../src/contract/activities.ts';
import type { ProcessRequestArgs } from '../../src/contract/request.ts';
import type { RequestStatus } from '../../src/contract/values.ts';

/** Never connects: it brings the data converter. */
const client = new Client({ connection: Connection.lazy() });

/** @param args what the request is started with, instead of what it was recorded with */
async function eventsOf(name: string, args: Partial<ProcessRequestArgs> = {}): Promise<HistoryEvent[]> {
  const file = new URL(`../replay/histories/v1/${name}.json`, import.meta.url);
  const { events } = historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  const recorded = defaultPayloadConverter.fromPayload<ProcessRequestArgs>(input!);
  Object.assign(input!, defaultPayloadConverter.toPayload({ ...recorded, ...args }));
  // Times do not matter here, and come out of JSON in another form than from a server.
  return await plainHistory(client, 'w', { events: (events ?? []).map((event) => ({ ...event, eventTime: null })) });
}

/** What a reader sees without a worker, event by event; the same status twice in a row counts once. */
function statusesOf(events: readonly HistoryEvent[]): RequestStatus[] {
  const seen = events.map((_event, index) => stateFromHistory('req_X', events.slice(0, index + 1)).status);
  return seen.filter((status, index) => status !== seen[index - 1]);
}

test.each([
  ['polled', ['queued', 'authenticating', 'submitting', 'processing']],
  ['synchronous', ['queued', 'authenticating', 'submitting', 'processing']],
  ['callback-while-the-poll-backs-off', ['queued', 'authenticating', 'submitting', 'processing']],
  ['outcome-unknown', ['queued', 'authenticating', 'submitting', 'outcome_unknown']],
  [
    'outcome-unknown-and-resubmitted',
    ['queued', 'authenticating', 'submitting', 'outcome_unknown', 'submitting', 'processing'],
  ],
  ['outcome-unknown-and-adopted', ['queued', 'authenticating', 'submitting', 'outcome_unknown', 'processing']],
])('[C3] the history of %s, read event by event, never goes backwards', async (name, statuses) => {
  expect(statusesOf(await eventsOf(name))).toEqual(statuses);
});

const at = new Date(0).toISOString();
const started: HistoryEvent = { at, type: 'other' };
const scheduled: HistoryEvent = { at, type: 'activity_scheduled', activity: 'authenticate', input: {} };
const authenticated = (result: unknown): HistoryEvent => ({
  at,
  type: 'activity_completed',
  activity: 'authenticate',
  result,
});

test('[C3] the next step shows as soon as the one before it is recorded: a worker would say so too', () => {
  const history = [started, scheduled, authenticated({ tokenGeneration: 1, expiresAt: null })];
  expect(stateFromHistory('req_X', history).status).toBe('submitting');
});

test('[M11][C3] with an answer from the cache no submit comes next', () => {
  const history = [started, scheduled, authenticated({ tokenGeneration: null, expiresAt: null, cached: {} })];
  expect(stateFromHistory('req_X', history).status).toBe('authenticating');
});

const NEVER_BEGUN = new TimeoutFailure('activity ScheduleToStart timeout', undefined, TimeoutType.SCHEDULE_TO_START);
const ambiguousAs = (type: string) =>
  ApplicationFailure.create({
    type,
    details: [{ outcome: 'ambiguous', failure: 'serverError', providerRequestId: null }],
  });
const refused = ApplicationFailure.create({
  type: 'APIRateLimitError',
  details: [{ outcome: 'refused', failure: 'rateLimited', providerRequestId: null }],
});
const died = (record: object | undefined) => new TimeoutFailure('heartbeat', record, TimeoutType.HEARTBEAT);
const RECORD = { calls: 1, failures: 0, waits: 0, last: null, untilDeadline: false, ended: false, mayHaveRun: false };

// What a reader is told of a request before its end is recorded: an end that never comes would be a step back.
test.each<[string, Error, Authentication['mode'], RequestStatus]>([
  ['the deadline came before an attempt began', NEVER_BEGUN, 'none', 'submitting'],
  ['a worker died before its intent', died(undefined), 'none', 'submitting'],
  ['a worker died without a record in mode key', died(undefined), 'key', 'outcome_unknown'],
  ['a worker died while it sent', died({ ...RECORD, sending: true }), 'none', 'outcome_unknown'],
  ['a worker died between two calls', died({ ...RECORD, sending: false }), 'none', 'submitting'],
  ['the provider refused it to the last', refused, 'none', 'submitting'],
  ['nobody knows what became of it', ambiguousAs('OutcomeUnknown'), 'none', 'outcome_unknown'],
  ['nobody knows, and it may be sent twice', ambiguousAs('ExternalAPIError'), 'resend', 'submitting'],
])('[C3][N14] a submit that is over, as the history tells it: %s', (_what, cause, mode, status) => {
  const submit = submitOver(cause);
  const history = [started, scheduled, authenticated({ tokenGeneration: null, expiresAt: null, mode }), ...submit];
  expect(stateFromHistory('req_X', history).status).toBe(status);
  const cancelled: HistoryEvent = { at, type: 'cancel_requested' };
  expect(stateFromHistory('req_X', [started, cancelled, ...history.slice(1)]).status).toBe('submitting');
});

function submitOver(cause: Error): HistoryEvent[] {
  return [
    { at, type: 'activity_scheduled', activity: 'process', input: {} },
    { at, type: 'activity_failed', activity: 'process', cause, retryState: RetryState.NON_RETRYABLE_FAILURE },
  ];
}

const unknownId = ApplicationFailure.create({
  type: 'ExternalAPIError',
  details: [{ outcome: 'final', failure: 'declined', statusCode: 404, providerRequestId: 'job-1' }],
});
const failedJob = ApplicationFailure.create({
  type: 'ExternalAPIError',
  details: [{ outcome: 'final', failure: 'reportedFailure', providerRequestId: 'job-1' }],
});

function pollOver(cause: Error): HistoryEvent[] {
  return [
    { at, type: 'activity_scheduled', activity: 'pollStatus', input: { providerRequestId: 'job-1' } },
    { at, type: 'activity_failed', activity: 'pollStatus', cause, retryState: RetryState.NON_RETRYABLE_FAILURE },
  ];
}

test.each<[string, string | null, RequestStatus]>([
  ['that a retry was told to adopt', 'job-1', 'outcome_unknown'],
  ['that the provider gave to the submit', null, 'processing'],
])('[C3][N1][N18] E12: the provider does not know the id %s', async (_what, adopt, status) => {
  const [start] = await eventsOf('polled', { adopt });
  expect(stateFromHistory('req_X', [start!, ...pollOver(unknownId)]).status).toBe(status);
});

const decided: HistoryEvent = { at, type: 'decided' };
const lookedUp = (result: Found | null): HistoryEvent => ({
  at,
  type: 'activity_completed',
  activity: 'findSubmitted',
  result,
});

test.each<[string, Error, HistoryEvent[], RequestStatus]>([
  ['that a person named', failedJob, [decided], 'processing'],
  ['that a person named, and the provider does not know', unknownId, [decided], 'outcome_unknown'],
  ['that it lists by our reference', failedJob, [lookedUp({ found: 'one', providerRequestId: 'job-1' })], 'processing'],
])('[C3][N1] a held request and an id %s: it is held again unless that is a verdict', (_what, cause, by, status) => {
  const history = [
    started,
    scheduled,
    authenticated({ mode: 'none' }),
    ...submitOver(died({ ...RECORD, sending: true })),
  ];
  expect(stateFromHistory('req_X', [...history, ...by, ...pollOver(cause)]).status).toBe(status);
});

test('[C3][N13] where no submit had arrived, the refusal of the next one leaves nothing open', () => {
  const asked = [started, scheduled, authenticated({ mode: 'none' })];
  const held = [...asked, ...submitOver(died({ ...RECORD, sending: true }))];
  const none = lookedUp({ found: 'none', askedIn: 'run-1' });
  expect(stateFromHistory('req_X', [...held, none, ...submitOver(refused)]).status).toBe('submitting');
  expect(stateFromHistory('req_X', [...held, decided, ...submitOver(refused)]).status).toBe('outcome_unknown');
});

test('[C3][N1] while a callback has the provider asked, the question is open, also when that look came to nothing', () => {
  const held = [started, scheduled, authenticated({ mode: 'none' }), ...submitOver(died({ ...RECORD, sending: true }))];
  expect(stateFromHistory('req_X', [...held, lookedUp(null)])).toMatchObject({
    status: 'outcome_unknown',
    providerRequestId: null,
  });
});

test.each([
  ['outcome-unknown-and-adopted', 1],
  ['outcome-unknown', 0],
])('[C3][N1] the history of %s has the decision of a person', async (name, decisions) => {
  expect((await eventsOf(name)).filter(({ type }) => type === 'decided')).toHaveLength(decisions);
});
