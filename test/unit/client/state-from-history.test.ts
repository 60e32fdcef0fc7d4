import { readFileSync } from 'node:fs';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect, test } from 'vitest';
import { stateFromHistory } from '../../../src/client/state-from-history.ts';
import type { RequestStatus } from '../../../src/contract/request.ts';

function eventsOf(name: string) {
  const file = new URL(`../../replay/histories/v2/${name}.json`, import.meta.url);
  const { events } = historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  // Times do not matter here, and come out of JSON in another form than from a server.
  return (events ?? []).map((event) => ({ ...event, eventTime: null }));
}

/** What a reader sees without a worker, event by event; the same status twice in a row counts once. */
function statusesOf(name: string): RequestStatus[] {
  const events = eventsOf(name);
  const seen = events.map((_event, index) => stateFromHistory('req_X', { events: events.slice(0, index + 1) }).status);
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
])('[C3] the history of %s, read event by event, never goes backwards', (name, statuses) => {
  expect(statusesOf(name)).toEqual(statuses);
});

test('[C3] the next step shows as soon as the one before it is recorded: a worker would say so too', () => {
  const events = eventsOf('polled');
  const authenticated = events.findIndex((event) => event.activityTaskCompletedEventAttributes);
  const history = { events: events.slice(0, authenticated + 1) };
  expect(stateFromHistory('req_X', history).status).toBe('submitting');
});

test('[M11][C3] with an answer from the cache no submit comes next', () => {
  const result = defaultPayloadConverter.toPayload({ tokenGeneration: null, expiresAt: null, cached: {} });
  const events = eventsOf('synchronous').map((event) =>
    event.activityTaskCompletedEventAttributes
      ? { ...event, activityTaskCompletedEventAttributes: { scheduledEventId: 5, result: { payloads: [result] } } }
      : event,
  );
  const authenticated = events.findIndex((event) => event.activityTaskCompletedEventAttributes);
  const history = { events: events.slice(0, authenticated + 1) };
  expect(stateFromHistory('req_X', history as never).status).toBe('authenticating');
});
