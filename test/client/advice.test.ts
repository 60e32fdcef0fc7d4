import { describe, expect, test } from 'vitest';
import { adviceAfter, decisionAdvice, retryAfter } from '../../src/client/advice.ts';
import { why, type Evidence } from '../../src/client/why.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import { endedSnapshot } from '../../src/contract/ended-snapshot.ts';
import { initialState, type RequestError, type RequestSnapshot } from '../../src/contract/request.ts';
import { ERROR_TYPES, OUTCOMES, type ErrorType, type Outcome } from '../../src/contract/values.ts';

const ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const NOW = new Date('2026-11-23T12:00:00.000Z');
const AT = '2026-11-23T11:59:55.000Z';

const NO_EVIDENCE: Evidence = {
  lastFailure: null,
  budget: null,
  workerAddress: null,
  workerAddressFrom: null,
  workerProblem: null,
  pollers: null,
};

const ASK = `nobody knows whether the provider has done it: ask it for Idempotency-Key ${ID}, and make a new request only if it says no`;
const ASK_FOR_ID = `the provider has it as job-1 and has given no result: \`external-api retry ${ID}\` goes on asking`;
const ASK_ABOUT_ID = `the provider took it as job-1, and its last answer about that was a 404: ask it what became of Idempotency-Key ${ID}; \`external-api retry ${ID}\` asks for the id once more`;
const AGAIN = `\`external-api retry ${ID}\` sends it again`;
const CREDENTIALS = `correct the credentials of the worker, then ${AGAIN}`;
const INPUT = 'correct the input, and send it with a new key';
const CONFIGURATION = `correct the request, and send it with a new key; or the worker's configuration, then ${AGAIN}`;
const FETCH = 'the work is done: fetch the result from the provider by its id job-1';

const ENDINGS = {
  failed: 'failed at 11:59:55Z',
  timed_out: 'timed out at 11:59:55Z, when its deadline passed',
} as const;

function ended(
  status: keyof typeof ENDINGS,
  providerRequestId: string | null,
  error: Partial<RequestError>,
): RequestSnapshot {
  const { type = 'ExternalAPIError', outcome = null, ...more } = error;
  const state = {
    ...initialState(ID, '2026-11-23T11:59:40.000Z'),
    status,
    providerRequestId,
    completedAt: AT,
    error: { type, message: 'what was said', statusCode: null, retryable: false, outcome, failure: null, ...more },
  };
  return endedSnapshot(state, { tenant: 'acme' }, null);
}

function told(snapshot: RequestSnapshot): string {
  return why(snapshot, NO_EVIDENCE, NOW).sentence;
}

type Row = [failure: FailureName | null, type: ErrorType, outcome: Outcome | null, id: string | null, advice: string];

/** Every kind of end: what the provider may have done, and whether its id of the work is known. */
const ROWS: Row[] = [
  ['unreachable', 'ExternalAPIError', 'never-sent', null, AGAIN],
  ['overBudget', 'APIRateLimitError', 'never-sent', null, AGAIN],
  ['badCertificate', 'ExternalAPIError', 'never-sent', null, AGAIN],
  ['notAllowed', 'ExternalAPIError', 'never-sent', null, CONFIGURATION],
  [null, 'APITimeoutError', 'never-sent', null, AGAIN],
  ['rateLimited', 'APIRateLimitError', 'refused', null, AGAIN],
  ['unauthorized', 'APIAuthenticationError', 'refused', null, CREDENTIALS],
  ['tokenTooNew', 'APIAuthenticationError', 'refused', null, CREDENTIALS],
  ['tokenRefused', 'APIAuthenticationError', 'refused', null, CREDENTIALS],
  ['askedToWait', 'ExternalAPIError', 'refused', null, AGAIN],
  ['misdirected', 'ExternalAPIError', 'refused', null, AGAIN],
  ['cutShort', 'APITimeoutError', 'ambiguous', null, ASK],
  ['forbidden', 'APIAuthenticationError', 'final', null, CREDENTIALS],
  ['invalidClient', 'APIAuthenticationError', 'final', null, CREDENTIALS],
  [null, 'APIAuthenticationError', 'final', null, CREDENTIALS],
  ['rejected', 'ExternalAPIError', 'final', null, INPUT],
  // A 404 of the token endpoint, or a 405 of a proxy: the input need not be what is wrong.
  ['declined', 'ExternalAPIError', 'final', null, CONFIGURATION],
  ['reportedFailure', 'ExternalAPIError', 'final', null, INPUT],
  [null, 'ExternalAPIError', 'final', null, INPUT],
  ['redirected', 'ExternalAPIError', 'final', null, CONFIGURATION],
  ['serverError', 'ExternalAPIError', 'ambiguous', null, ASK],
  ['noAnswer', 'APITimeoutError', 'ambiguous', null, ASK],
  ['noAnswer', 'OutcomeUnknown', 'ambiguous', null, ASK],
  ['unreadableReply', 'ExternalAPIError', 'ambiguous', null, ASK],
  ['workerLost', 'OutcomeUnknown', 'ambiguous', null, ASK],
  [null, 'OutcomeUnknown', null, null, ASK],
  [null, 'APITimeoutError', null, null, ASK],
  // A mode none submit that was reset, refused later: the class goes before the last call's outcome.
  ['rateLimited', 'OutcomeUnknown', 'refused', null, ASK],
  ['unreachable', 'ExternalAPIError', 'never-sent', 'job-1', ASK_FOR_ID],
  ['coolingDown', 'APIRateLimitError', 'never-sent', 'job-1', ASK_FOR_ID],
  ['unauthorized', 'APIAuthenticationError', 'refused', 'job-1', ASK_FOR_ID],
  ['rateLimited', 'APIRateLimitError', 'refused', 'job-1', ASK_FOR_ID],
  ['tokenTooNew', 'APIAuthenticationError', 'refused', 'job-1', ASK_FOR_ID],
  ['misdirected', 'ExternalAPIError', 'refused', 'job-1', ASK_FOR_ID],
  ['linkExpired', 'ExternalAPIError', 'refused', 'job-1', ASK_FOR_ID],
  ['serverError', 'ExternalAPIError', 'ambiguous', 'job-1', ASK_FOR_ID],
  ['noAnswer', 'APITimeoutError', 'ambiguous', 'job-1', ASK_FOR_ID],
  [null, 'APITimeoutError', null, 'job-1', ASK_FOR_ID],
  // The status call had these answers: they are no word on the work.
  ['forbidden', 'APIAuthenticationError', 'final', 'job-1', ASK_FOR_ID],
  ['invalidClient', 'APIAuthenticationError', 'final', 'job-1', ASK_FOR_ID],
  ['rejected', 'ExternalAPIError', 'final', 'job-1', ASK_FOR_ID],
  ['redirected', 'ExternalAPIError', 'final', 'job-1', ASK_FOR_ID],
  ['reportedFailure', 'ExternalAPIError', 'final', 'job-1', INPUT],
  ['noResult', 'ExternalAPIError', 'final', 'job-1', ASK_FOR_ID],
  ['resultTooLarge', 'ResultTooLargeError', 'final', 'job-1', FETCH],
  [null, 'ResultTooLargeError', 'final', 'job-1', FETCH],
  [null, 'OutcomeUnknown', 'ambiguous', 'job-1', ASK],
];

describe.each(Object.entries(ENDINGS))('%s', (status, end) => {
  test.each(ROWS)('[N6][N1] E5: %s, %s, %s, id %s: %s', (failure, type, outcome, id, advice) => {
    const request = ended(status as keyof typeof ENDINGS, id, { failure, type, outcome });
    expect(told(request)).toBe(`${ID} ${end}: ${type}: what was said; ${advice}.`);
  });

  test('[N6][N18] E5: one that was sent again tells where it goes on, and nothing else', () => {
    const request = ended(status as keyof typeof ENDINGS, null, { outcome: 'never-sent' });
    const other = `req_${'0'.repeat(26)}`;
    expect(told({ ...request, retriedBy: other })).toBe(
      `${ID} ${end}: ExternalAPIError: what was said; it was retried as ${other}: \`external-api why ${other}\`.`,
    );
  });
});

test('[N6] E5: an id that the provider gave, and then denied', () => {
  const denied = { failure: 'declined', statusCode: 404, outcome: 'ambiguous' } as const;
  expect(adviceAfter(ended('failed', 'job-1', denied))).toBe(ASK_ABOUT_ID);
  expect(retryAfter(ended('failed', 'job-1', denied))).toBe('adopt');
});

test('[N6][N1] E5: a retry that adopted work asks for the key that the provider has seen', () => {
  const first = `req_${'1'.repeat(26)}`;
  const adopting = { ...ended('failed', null, { type: 'OutcomeUnknown' }), submittedAs: first };
  expect(adviceAfter(adopting)).toContain(`Idempotency-Key ${first},`);
  expect(decisionAdvice(adopting, null)).toContain(`Idempotency-Key ${first}, then decide`);
  expect(decisionAdvice(adopting, null)).toContain(`external-api resolve ${ID} `);
});

test('[N6][N1][N13] E5: of a provider that need not know our key a new request is advised only where the work is surely not', () => {
  const unknown = { ...ended('failed', null, { type: 'OutcomeUnknown' }), provider: 'replicate' };
  const look = `look at replicate whether it has the work, with ${ID} beside it if the profile sends requestId`;
  expect(adviceAfter(unknown)).toBe(
    `nobody knows whether the provider has done it: ${look}, and make a new request only if it is surely not there`,
  );
  expect(decisionAdvice(unknown, null)).toMatch(`${look}, then decide with`);
});

test('[N6][N1] E5: a cause that nobody recorded is an unknown outcome', () => {
  expect(told({ ...ended('failed', null, {}), error: null })).toBe(`${ID} failed at 11:59:55Z; ${ASK}.`);
});

test('[N6][N1][N18] E5: whatever ended it, work that may have been done is neither sent again nor advised to be', () => {
  const failures = [null, ...Object.keys(FAILURES)] as (FailureName | null)[];
  const outcomes = [null, ...OUTCOMES];
  const all = failures.flatMap((failure) =>
    ERROR_TYPES.flatMap((type) =>
      outcomes.flatMap((outcome) => [null, 'job-1'].map((id) => ({ failure, type, outcome, id }))),
    ),
  );
  const mayBeDone = all.filter(
    ({ failure, type, outcome, id }) =>
      type === 'OutcomeUnknown' ||
      outcome === null ||
      outcome === 'ambiguous' ||
      (id !== null && failure !== 'reportedFailure'),
  );
  const sentAgain = mayBeDone.filter(({ id, ...error }) => {
    const request = ended('failed', id, error);
    return retryAfter(request) === 'send_again' || /again|with a new key/.test(adviceAfter(request));
  });
  expect(mayBeDone.length).toBeGreaterThan(500);
  expect(sentAgain).toEqual([]);
});

test('[N6] a row of the failure table that only a newer worker knows is told by its class', () => {
  const unheardOf = { failure: 'unheardOf' as FailureName, outcome: 'refused' } as const;
  expect(adviceAfter(ended('failed', null, unheardOf))).toBe(AGAIN);
});
