import { expect, test } from 'vitest';
import { listText, requestText, stateLine } from '../../../src/cli/readable.ts';
import type { RecordedResolution, RequestSnapshot } from '../../../src/contract/request.ts';

const SNAPSHOT: RequestSnapshot = {
  requestId: 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV',
  status: 'processing',
  createdAt: '2026-11-03T10:00:00.000Z',
  updatedAt: '2026-11-03T10:00:01.000Z',
  completedAt: null,
  providerRequestId: 'job-1',
  result: null,
  error: null,
  source: null,
  cancellation: null,
  resolution: null,
  tenant: 'acme',
  waitingFor: null,
  stale: false,
};

test.each<[string, Partial<RequestSnapshot>]>([
  ['processing', {}],
  [
    'submitting, waits for the provider, which asked us to wait (until 2026-11-03T10:00:09.000Z)',
    {
      status: 'submitting',
      waitingFor: { reason: 'cool_down', since: null, until: '2026-11-03T10:00:09.000Z', attempt: 2 },
    },
  ],
  [
    'queued, waits for a worker to take the next step; no worker answers',
    { status: 'queued', stale: true, waitingFor: { reason: 'worker', since: null, until: null, attempt: 1 } },
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
  const error = { type: 'APITimeoutError', message: 'No answer', statusCode: null, retryable: true } as const;
  expect(requestText({ ...SNAPSHOT, status: 'failed', error })).toContain(
    '\n  error         APITimeoutError: No answer',
  );
});

test.each([
  ['nothing_sent', 'it was never sent to the provider'],
  ['cancelled_at_provider', 'the provider was told, and agreed'],
  ['no_longer_watched', 'the provider could not be told; it may finish, and nobody looks'],
  ['finished_anyway', 'it had finished first; the result is kept'],
  ['outcome_unknown', 'whether the provider has it was not known, and nobody finds out any more'],
  ['terminated', 'an operator terminated it, so that nothing more could be done'],
] as const)('[N11] the end of a cancelled request is told as %s', (cancellation, text) => {
  expect(requestText({ ...SNAPSHOT, cancellation })).toContain(`\n  cancellation  ${cancellation}: ${text}`);
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

test('[C4] a list is a table with a heading, and says when it is empty', () => {
  const request = { requestId: SNAPSHOT.requestId, tenant: 'a-long-tenant', createdAt: SNAPSHOT.createdAt };
  const text = listText([
    { ...request, status: 'completed', completedAt: '2026-11-03T10:00:02.000Z' },
    { ...request, status: 'running', tenant: 'b', completedAt: null },
  ]);
  expect(text).toBe(
    [
      'REQUEST                         STATUS     TENANT         CREATED                   COMPLETED',
      'req_01ARZ3NDEKTSV4RRFFQ69G5FAV  completed  a-long-tenant  2026-11-03T10:00:00.000Z  2026-11-03T10:00:02.000Z',
      'req_01ARZ3NDEKTSV4RRFFQ69G5FAV  running    b              2026-11-03T10:00:00.000Z  -',
    ].join('\n'),
  );
  expect(listText([])).toBe('No requests.');
});
