import { expect, test } from 'vitest';
import * as readable from '../../src/cli/readable.ts';
import type { BudgetView } from '../../src/contract/budget-view.ts';
import { endedSnapshot } from '../../src/contract/ended-snapshot.ts';
import { initialState, type RecordedResolution, type RequestSnapshot } from '../../src/contract/request.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';

const { stateLine } = readable;
const requestText = (snapshot: RequestSnapshot, width = 200): string => readable.requestText(snapshot, width);
const budgetText = (view: BudgetView, now: Date, width = 200): string => readable.budgetText(view, now, width);

const SNAPSHOT: RequestSnapshot = {
  ...endedSnapshot(
    initialState('req_01ARZ3NDEKTSV4RRFFQ69G5FAV', '2026-11-03T10:00:00.000Z'),
    { tenant: 'acme' },
    null,
  ),
  status: 'processing',
  deadlineAt: '2026-11-03T11:00:00.000Z',
  updatedAt: '2026-11-03T10:00:01.000Z',
  providerRequestId: 'job-1',
};

test.each<[string, Partial<RequestSnapshot>]>([
  ['processing', {}],
  [
    'submitting, waits for the provider to take calls again (until 2026-11-03T10:00:09.000Z)',
    {
      status: 'submitting',
      waitingFor: { reason: 'cool_down', since: null, until: '2026-11-03T10:00:09.000Z', attempt: 2, calls: 1 },
    },
  ],
  [
    'submitting, waits for its turn in the call budget (until 2026-11-03T10:00:09.000Z)',
    {
      status: 'submitting',
      waitingFor: { reason: 'budget', since: null, until: '2026-11-03T10:00:09.000Z', attempt: 1, calls: 0 },
    },
  ],
  [
    'processing, waits for the provider, which works on it (until 2026-11-03T10:00:09.000Z); the provider says "in_line"',
    {
      status: 'processing',
      waitingFor: {
        reason: 'provider_processing',
        since: null,
        until: '2026-11-03T10:00:09.000Z',
        attempt: 1,
        calls: 2,
        providerStatus: 'in_line',
      },
    },
  ],
  [
    'queued, waits for a worker to take the next step; no worker answered in time',
    { status: 'queued', stale: true, waitingFor: { reason: 'worker', since: null, until: null, attempt: 1, calls: 0 } },
  ],
])('[C4][N6] a state is told as "%s"', (line, state) => {
  expect(stateLine({ ...SNAPSHOT, ...state })).toBe(line);
});

test('[C4] a request is told with what is known, and nothing of what is not', () => {
  const metadata = { processingTime: 0.5, version: '2.1' };
  const text = requestText({
    ...SNAPSHOT,
    status: 'completed',
    completedAt: '2026-11-03T10:00:02.000Z',
    source: 'provider',
    result: { processedData: { a: 1 }, metadata },
  });
  expect(text).toBe(
    [
      'req_01ARZ3NDEKTSV4RRFFQ69G5FAV',
      '  status        completed',
      '  tenant        acme',
      '  created       2026-11-03T10:00:00.000Z',
      '  completed     2026-11-03T10:00:02.000Z',
      '  provider id   job-1',
      '  source        provider',
      '  processed in  0.5 s',
      '  result        {',
      '                  "a": 1',
      '                }',
    ].join('\n'),
  );
});

test('[C4][M6] a failed request is told with the class and the message of its error', () => {
  const error = {
    type: 'APITimeoutError',
    message: 'No answer',
    statusCode: null,
    retryable: true,
    outcome: null,
  } as const;
  expect(requestText({ ...SNAPSHOT, status: 'failed', error })).toContain(
    '\n  error         APITimeoutError: No answer',
  );
});

test.each([
  ['nothing_sent', 'it was never sent to the provider'],
  ['cancelled_at_provider', 'the provider was told, and agreed'],
  ['no_longer_watched', 'the provider could not be told; it may finish, and nobody looks'],
  ['finished_anyway', 'it had failed first: there is no result'],
  ['outcome_unknown', 'whether the provider has it was not known, and nobody finds out any more'],
  ['terminated', 'an operator terminated it, so that nothing more could be done'],
] as const)('[N11] the end of a cancelled request is told as %s', (cancellation, text) => {
  const status = cancellation === 'finished_anyway' ? 'failed' : 'cancelled';
  expect(requestText({ ...SNAPSHOT, status, cancellation })).toContain(`\n  cancellation  ${cancellation}: ${text}`);
});

test('[N1] a decision is told with who made it, when and why, and an adoption with the id', () => {
  const decided = { by: 'jo', reason: 'they have it', at: '2026-11-03T10:00:01.000Z' };
  const told = (resolution: RecordedResolution): string => requestText({ ...SNAPSHOT, resolution });
  expect(told({ ...decided, decision: 'adopt', providerRequestId: 'job-7' })).toContain(
    '\n  decision      adopt job-7, by jo at 2026-11-03T10:00:01.000Z: they have it',
  );
  expect(told({ ...decided, decision: 'abandon', providerRequestId: null })).toContain(
    '\n  decision      abandon, by jo',
  );
});

test('[C4] what is long goes on below itself; a result stays as it is, to be copied', () => {
  const processedData = {
    text: 'many words that no terminal of this width can show in one of its lines, as JSON has none',
  };
  const text = requestText(
    {
      ...SNAPSHOT,
      waitingFor: { reason: 'cool_down', since: null, until: '2026-11-03T10:00:09.000Z', attempt: 2, calls: 0 },
      result: { processedData, metadata: { processingTime: null, version: null } },
    },
    80,
  );
  expect(text).toContain(
    '\n  status        processing, waits for the provider to take calls again (until\n                2026-11-03T10:00:09.000Z)\n',
  );
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([
    `                  "text": "${processedData.text}"`,
  ]);
});

const NOW = new Date('2026-11-23T12:00:00.100Z');

test('[M9] an open call budget is told with what was used and by whom', () => {
  expect(budgetText(OPEN_BUDGET, NOW)).toBe(
    [
      'Call budget at 12:00:00Z',
      '  state         open',
      '  calls         412 of 1000 in the last 60 s',
      '  next call     now',
      '  next bulk     now',
      '  waiting       0 in this worker',
      '  failures      0 in a row',
      '  counted in    the memory of this worker, which has the limit to itself',
    ].join('\n'),
  );
});

test.each([
  ['budget', 'used up'],
  ['cool_down', 'closed: the provider asked us to wait'],
  ['outage', 'closed: the provider is down, and one call at a time finds out when it is back'],
] as const)('[M9] a call budget that is closed by %s is told with that, and until when', (closedBy, state) => {
  const waits = { nextPermitMs: 4_300, bulkNextPermitMs: 9_000 };
  const text = budgetText({ ...OPEN_BUDGET, closedBy, loweredLimit: 600, ...waits }, NOW);
  expect(text).toContain(`\n  state         ${state}\n`);
  expect(text).toContain('\n  lowered to    600, as the provider says\n');
  expect(text).toContain('\n  next call     at 12:00:05Z\n  next bulk     at 12:00:09Z\n');
});

test('[M9] a budget that waits for Redis is not called used up', () => {
  const lost = { countedIn: 'share', closedBy: 'budget', limit: 500, nextPermitMs: 4_300 } as const;
  const state = (used: number): string => budgetText({ ...OPEN_BUDGET, ...lost, used }, NOW, 100);
  expect(state(0)).toContain(
    '\n  state         closed: Redis does not answer; if it stays away, each worker sends its share\n',
  );
  expect(state(500)).toContain('\n  state         used up\n');
});

test('[M9] what is kept for workers that are not heard of is told', () => {
  expect(budgetText({ ...OPEN_BUDGET, kept: 333 }, NOW)).toContain(
    '\n  kept          333 for workers that Redis does not hear of\n',
  );
});

test.each([
  [{ countedIn: 'redis', workers: 3 }, 'Redis, by 3 workers'],
  [{ countedIn: 'redis', workers: 1 }, 'Redis, by 1 worker'],
  [{ countedIn: 'share', workers: 2 }, 'the memory of each of 2 workers, by its share: Redis does not answer'],
] as const)('[M9] where calls are counted is told: %o', (place, text) => {
  expect(budgetText({ ...OPEN_BUDGET, ...place }, NOW)).toContain(`\n  counted in    ${text}`);
});
