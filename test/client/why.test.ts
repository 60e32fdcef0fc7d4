import { describe, expect, test } from 'vitest';
import type { LastFailure } from '../../src/client/waiting-for.ts';
import { why, type Evidence } from '../../src/client/why.ts';
import type { BudgetView } from '../../src/contract/budget-view.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import type { RequestError, RequestSnapshot } from '../../src/contract/request.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';
import { AT, EVIDENCE, ID, NOW, SNAPSHOT, told, waits, WORKER } from './why-told.ts';
import type { CancellationOutcome } from '../../src/contract/values.ts';

function failure(name: FailureName, message: string, statusCode: number | null = null): LastFailure {
  return { failure: name, type: FAILURES[name].type, message, statusCode };
}

const USED_UP: BudgetView = {
  ...OPEN_BUDGET,
  used: 1000,
  closedBy: 'budget',
  nextPermitMs: 4_300,
  bulkNextPermitMs: 9_000,
};
const COOLING: BudgetView = { ...USED_UP, closedBy: 'cool_down' };
const DOWN: BudgetView = { ...USED_UP, closedBy: 'outage', failures: 14 };

describe('a wait for the call budget', () => {
  test.each<[string, Partial<BudgetView> | null]>([
    [
      'has waited 12 s for the call budget: 1000 of 1000 calls were made in the last 60 s; the next may go at 12:00:05Z.',
      USED_UP,
    ],
    ['has waited 12 s for the call budget: it was used up; the next may go at 12:00:05Z.', null],
    [
      'has waited 12 s for the call budget: 600 of 600 calls, which is what the provider allows now, were made in the last 60 s; the next may go at 12:00:05Z.',
      { ...USED_UP, used: 600, loweredLimit: 600 },
    ],
    [
      "has waited 12 s for the call budget: 500 of 500 calls (one worker's share, since Redis does not answer) were made in the last 60 s; the next may go at 12:00:05Z.",
      { ...USED_UP, used: 500, limit: 500, countedIn: 'share' },
    ],
    [
      'has waited 12 s because Redis does not answer: nothing is sent until it does, or until 12:00:05Z, when each worker sends its share.',
      { ...USED_UP, used: 0, limit: 500, countedIn: 'share' },
    ],
    [
      'has waited 12 s for the call budget: 905 of 1000 calls were made in the last 60 s, and the rest is kept for requests that are not bulk; the next may go at 12:00:05Z.',
      { ...OPEN_BUDGET, used: 905, bulkNextPermitMs: 4_300 },
    ],
  ])('[N6][M9] … %s', (sentence, budget) => {
    const view = budget && { ...OPEN_BUDGET, ...budget };
    expect(told(waits('budget', { until: 4.3 }), { budget: view })).toBe(sentence);
  });
});

describe('a wait for the provider to take calls again', () => {
  const asked = 'has waited 12 s because the provider asked us to wait';
  test.each<[string, BudgetView | null, LastFailure | null, number]>([
    [`${asked} (429) until 12:00:30Z; 3 calls so far.`, null, failure('rateLimited', 'Rate Limit Exceeded', 429), 3],
    [`${asked} (503) until 12:00:30Z; 3 calls so far.`, COOLING, failure('unavailableUntil', 'Unavailable', 503), 3],
    [`${asked} until 12:00:30Z; 1 call so far.`, COOLING, null, 1],
    [`${asked} until 12:00:30Z.`, null, failure('coolingDown', 'it asked us to wait'), 0],
    [`${asked} until 12:00:30Z; 2 calls so far.`, COOLING, failure('outage', 'it is down'), 2],
    // What closed the provider was another request's call: this one's 500 says nothing of it.
    [`${asked} until 12:00:30Z; 3 calls so far.`, COOLING, failure('serverError', 'Internal Server Error', 500), 3],
    [
      'has waited 12 s because the provider is down (14 calls in a row had no answer); one call finds out at 12:00:30Z whether it is back; 3 calls so far.',
      DOWN,
      failure('rateLimited', 'Rate Limit Exceeded', 429),
      3,
    ],
    [
      'has waited 12 s because the provider is down; one call finds out at 12:00:30Z whether it is back.',
      null,
      failure('outage', 'The provider is down'),
      0,
    ],
  ])('[N6][N2] … %s', (sentence, budget, lastFailure, calls) => {
    // The attempts that only waited are in Temporal's count.
    expect(told(waits('cool_down', { attempt: 9, calls, until: 30 }), { budget, lastFailure })).toBe(sentence);
  });
});

describe('the other waits', () => {
  const lost: RequestError = {
    type: 'OutcomeUnknown',
    message: 'Its worker was lost.',
    statusCode: null,
    retryable: false,
    outcome: null,
  };
  test.each<[string, Partial<RequestSnapshot>, Partial<Evidence>]>([
    [
      'is tried again at 12:00:02Z, since its last call failed: ExternalAPIError: Internal Server Error: no disk (500); 1 call so far.',
      waits('retry_backoff', { attempt: 2, calls: 1, until: 2 }),
      { lastFailure: failure('serverError', 'Internal Server Error: no disk.', 500) },
    ],
    [
      'is tried again at 12:00:02Z, since its last call failed: activity Heartbeat timeout.',
      waits('retry_backoff', { attempt: 2, until: 2 }),
      { lastFailure: { failure: null, type: null, message: 'activity Heartbeat timeout', statusCode: null } },
    ],
    [
      'waits for the answer to a call to the provider, under way for 0.4 s; 1 call so far.',
      waits('provider_call', { attempt: 2, calls: 1, since: -0.4 }),
      {},
    ],
    [
      'waits for the provider, which has had it as job-1 for 3 min and is asked again at 12:00:40Z.',
      {
        status: 'processing',
        providerRequestId: 'job-1',
        updatedAt: AT(-180),
        ...waits('provider_processing', { until: 40 }),
      },
      {},
    ],
    [
      'waits for the provider, which has had it as job-1 for 3 min, says "in_line" and is being asked now.',
      {
        status: 'processing',
        providerRequestId: 'job-1',
        updatedAt: AT(-180),
        ...waits('provider_processing', { says: 'in_line' }),
      },
      {},
    ],
    [
      'waits for the provider, which has had it as job-1 for 3 min and is being asked now.',
      { status: 'processing', providerRequestId: 'job-1', updatedAt: AT(-180), ...waits('provider_processing') },
      {},
    ],
    [
      `may or may not have been done: its outcome is unknown since 11:59:48Z: Its worker was lost; ask the provider for Idempotency-Key ${ID}, then decide before 2026-11-24T12:00:00Z with \`external-api resolve ${ID} resubmit|adopt|abandon --reason …\`.`,
      { status: 'outcome_unknown', error: lost, ...waits('outcome_unknown', { until: 86_400 }) },
      {},
    ],
    [
      `may or may not have been done: its outcome is unknown since 11:59:48Z: Its worker was lost; the provider is asked by our reference whether it has the work (3 calls so far, and the latest failed: ExternalAPIError: The provider declined the request (status: 403)), which settles it once it is listed; or look at shotstack whether it has the work, with ${ID} beside it if the profile sends requestId, then decide before 2026-11-24T12:00:00Z with \`external-api resolve ${ID} resubmit|adopt|abandon --reason …\`.`,
      {
        status: 'outcome_unknown',
        provider: 'shotstack',
        error: lost,
        ...waits('outcome_unknown', { until: 86_400, calls: 3 }),
      },
      {
        lastFailure: {
          failure: 'declined',
          type: 'ExternalAPIError',
          message: 'The provider declined the request (status: 403)',
          statusCode: 403,
        },
      },
    ],
    [
      'makes no step: its workflow task has failed, or had no answer, 3 times since 11:59:48Z: the log of the workers says why, and it goes on once their code can run it.',
      waits('task_failing', { attempt: 4 }),
      {},
    ],
    [
      `is paused since 11:59:48Z: an operator paused its step, and lets it go on with \`temporal activity unpause --workflow-id external-api/${ID} --activity-id …\`.`,
      waits('paused'),
      {},
    ],
    ['is submitting since 11:59:59Z, and nothing holds it up.', { updatedAt: AT(-1) }, {}],
  ])('[N6] … %s', (sentence, snapshot, evidence) => {
    expect(told(snapshot, evidence)).toBe(sentence);
  });
});

describe('an end', () => {
  const ended = { completedAt: AT(-5), updatedAt: AT(-5) };
  const error = (more: Partial<RequestError>): RequestError => ({
    type: 'ExternalAPIError',
    message: 'Bad Request: no such unit',
    statusCode: 400,
    retryable: false,
    outcome: null,
    ...more,
  });

  test.each<[string, Partial<RequestSnapshot>]>([
    [
      "completed at 11:59:55Z with the provider's result, 15 s after its start.",
      { status: 'completed', source: 'provider' },
    ],
    [
      "completed at 11:59:55Z with the provider's result, 15 s after its start; its cancellation came too late.",
      { status: 'completed', source: 'provider', cancellation: 'finished_anyway' },
    ],
    [
      `completed at 11:59:55Z from the cache: an equal request had this answer, stored at 11:55:00Z.`,
      { status: 'completed', source: 'cache', cachedAt: AT(-300) },
    ],
    [
      "completed at 11:59:55Z with the fallback's answer, stored at 11:55:00Z, because the provider failed: ExternalAPIError: Service Unavailable (503).",
      {
        status: 'completed',
        source: 'fallback',
        cachedAt: AT(-300),
        error: error({ message: 'Service Unavailable', statusCode: 503, retryable: true }),
      },
    ],
    [
      'failed at 11:59:55Z: ExternalAPIError: Bad Request (400); its cancellation came too late, so only if it is still wanted: correct the input, and send it with a new key.',
      {
        status: 'failed',
        cancellation: 'finished_anyway',
        error: error({ message: 'Bad Request', statusCode: 400, failure: 'rejected', outcome: 'final' }),
      },
    ],
    ['was cancelled at 11:59:55Z.', { status: 'cancelled' }],
  ])('[N6] … %s', (sentence, snapshot) => {
    expect(told({ ...ended, ...snapshot })).toBe(sentence);
  });

  test.each<[CancellationOutcome, string]>([
    ['nothing_sent', 'it was never sent to the provider'],
    ['cancelled_at_provider', 'the provider was told, and agreed'],
    ['no_longer_watched', 'the provider could not be told; it may finish, and nobody looks'],
    ['outcome_unknown', 'whether the provider has it was not known, and nobody finds out any more'],
    ['terminated', 'an operator terminated it, so that nothing more could be done'],
  ])('[N6][N11] a cancellation that ended as %s', (cancellation, meaning) => {
    expect(told({ ...ended, status: 'cancelled', cancellation })).toBe(`was cancelled at 11:59:55Z: ${meaning}.`);
  });
});

test('[N6] reason, since and until stand beside the sentence, and so does what they are known from', () => {
  const lastFailure = failure('overBudget', 'no room');
  const snapshot = { ...SNAPSHOT, ...waits('budget', { attempt: 2, until: 5 }), stale: true };
  expect(why(snapshot, { ...EVIDENCE, lastFailure, budget: USED_UP, workerProblem: null }, NOW)).toEqual({
    requestId: ID,
    status: 'submitting',
    reason: 'budget',
    since: AT(-12),
    until: AT(5),
    sentence: expect.any(String),
    evidence: {
      attempt: 2,
      calls: 0,
      lastFailure,
      budget: USED_UP,
      workerAddress: WORKER,
      workerAddressFrom: null,
      workerProblem: null,
      pollers: null,
      stale: true,
      providerRequestId: null,
      error: null,
      source: null,
      cancellation: null,
      cancelRequested: false,
      resolution: null,
    },
  });
  const ended = { ...SNAPSHOT, status: 'completed', completedAt: AT(-5) } as const;
  expect(why(ended, EVIDENCE, NOW)).toMatchObject({ reason: null, since: AT(-5), until: null });
});

describe('what people did', () => {
  const resolution = { by: 'jo', reason: 'ticket 4711.', at: AT(-60), providerRequestId: null } as const;
  test.each<[string, Partial<RequestSnapshot>]>([
    [
      'waits for the provider, which has had it as job-7 for 60 s and is being asked now; jo decided at 11:59:00Z to adopt job-7: ticket 4711.',
      {
        status: 'processing',
        providerRequestId: 'job-7',
        updatedAt: AT(-60),
        resolution: { ...resolution, decision: 'adopt', providerRequestId: 'job-7' },
        ...waits('provider_processing'),
      },
    ],
    [
      'is submitting since 11:59:00Z, and nothing holds it up; jo decided at 11:59:00Z to submit it again: ticket 4711.',
      { updatedAt: AT(-60), resolution: { ...resolution, decision: 'resubmit' } },
    ],
    [
      "completed at 11:59:55Z with the provider's result, 15 s after its start; jo decided at 11:59:00Z to adopt job-7: ticket 4711.",
      {
        status: 'completed',
        source: 'provider',
        completedAt: AT(-5),
        resolution: { ...resolution, decision: 'adopt', providerRequestId: 'job-7' },
      },
    ],
    [
      'is paused since 11:59:48Z: an operator paused its step, and lets it go on with ' +
        `\`temporal activity unpause --workflow-id external-api/${ID} --activity-id …\`; its cancellation is asked for, and what became of the work is found out.`,
      { cancelRequested: true, ...waits('paused') },
    ],
    [
      `waits for a worker: none has taken its step for 12 s, and ${WORKER} does not answer (ECONNREFUSED): start one, or look at its log; its cancellation is asked for, and no worker has seen that yet.`,
      { cancelRequested: true, stale: true, ...waits('worker') },
    ],
  ])('[N6][N1][N11] … %s', (sentence, snapshot) => {
    expect(told(snapshot)).toBe(sentence);
  });
});
