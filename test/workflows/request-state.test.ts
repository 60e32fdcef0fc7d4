import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialState, type RequestState } from '../../src/contract/request.ts';
import { currentDetails, reduce, type RequestEvent } from '../../src/workflows/request-state.ts';
import { isTerminal, type CancellationOutcome } from '../../src/contract/values.ts';

const T0 = '2026-01-01T00:00:00.000Z';
const T1 = '2026-01-01T00:00:01.000Z';
const RESULT = { processedData: 1, metadata: { processingTime: 1, version: '2.1' } };
const ERROR = {
  type: 'ExternalAPIError',
  message: 'Bad Request',
  statusCode: 400,
  retryable: false,
  outcome: null,
} as const;

const EVENTS: readonly RequestEvent[] = [
  { type: 'authenticating' },
  { type: 'submitting' },
  { type: 'submitted', providerRequestId: 'p1' },
  { type: 'completed', result: RESULT, cancellation: null },
  { type: 'failed', error: ERROR, providerRequestId: null, cancellation: null },
  { type: 'outcome_unknown', error: ERROR, holdUntil: T1 },
  { type: 'timed_out', error: ERROR, providerRequestId: null, cancellation: null },
  { type: 'cancelled', cancellation: 'nothing_sent' },
  { type: 'answered_from_cache', result: RESULT, cachedAt: T0, cancellation: null },
  { type: 'fallen_back', result: RESULT, cachedAt: T0, error: ERROR, providerRequestId: null },
];

function after(...events: RequestEvent[]): RequestState {
  return events.reduce((state, event) => reduce(state, event, T1), initialState('req_X', T0));
}

test('[C3] a request begins as queued, with its time', () => {
  expect(initialState('req_X', T0)).toMatchObject({
    status: 'queued',
    createdAt: T0,
    updatedAt: T0,
    completedAt: null,
  });
});

test.each([
  ['authenticating', 'authenticating'],
  ['submitting', 'submitting'],
  ['submitted', 'processing'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['outcome_unknown', 'outcome_unknown'],
  ['timed_out', 'timed_out'],
  ['cancelled', 'cancelled'],
  ['answered_from_cache', 'completed'],
  ['fallen_back', 'completed'],
] as const)('[C3] %s makes a request %s', (type, status) => {
  const event = EVENTS.find((one) => one.type === type);
  expect(event && after(event).status).toBe(status);
});

test('[C3] only an end has a time of completion', () => {
  for (const event of EVENTS) {
    const state = after(event);
    expect(state.completedAt).toBe(isTerminal(state.status) ? T1 : null);
  }
});

test('[C3] the result keeps the provider id, and says that the provider made it', () => {
  expect(after(EVENTS[2]!, EVENTS[3]!)).toMatchObject({ providerRequestId: 'p1', result: RESULT, source: 'provider' });
});

test('[N11][N1] cancelled while an id in doubt is polled: it is not told to be the work', () => {
  const cancelled = (cancellation: CancellationOutcome) => after(EVENTS[2]!, { type: 'cancelled', cancellation });
  expect(cancelled('outcome_unknown').providerRequestId).toBeNull();
  expect(cancelled('no_longer_watched').providerRequestId).toBe('p1');
});

test('[M11] an answer from the cache says so, and when it was stored', () => {
  const state = after(EVENTS[8]!);
  expect(state).toMatchObject({ result: RESULT, source: 'cache', cachedAt: T0, error: null });
  expect(currentDetails(state)).toContain(`An earlier answer, stored at ${T0}`);
});

test('[M13] a fallback keeps the failure that led to it, and the provider id', () => {
  const state = after(EVENTS[2]!, EVENTS[9]!);
  expect(state).toMatchObject({ result: RESULT, source: 'fallback', error: ERROR, providerRequestId: 'p1' });
  expect(currentDetails(state)).toMatch(
    /A fallback stands in for the result, because of:\n\nExternalAPIError: Bad Request/,
  );
});

test('[C3] a terminal state never changes, whatever follows', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...EVENTS)), (events) => {
      let state = initialState('req_X', T0);
      for (const event of events) {
        const next = reduce(state, event, T1);
        if (isTerminal(state.status)) expect(next).toBe(state);
        state = next;
      }
    }),
  );
});

test('[C5] the current details name the state, the provider id and the error', () => {
  expect(currentDetails(after(EVENTS[2]!, EVENTS[4]!))).toBe(
    `**failed** since ${T1}\n\nThe provider's id: \`p1\`\n\nExternalAPIError: Bad Request`,
  );
});
