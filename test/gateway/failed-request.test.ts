import { describe, expect, test } from 'vitest';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import { FAILURES, type ErrorDetails, type FailureName } from '../../src/contract/failures.ts';
import { failedAnswer } from '../../src/gateway/failed-request.ts';

type Details = Partial<ErrorDetails>;

const sent = { outcome: 'ambiguous', providerRequestId: 'job-1' } as const satisfies Details;
const unsent = { outcome: 'never-sent', retryable: true } as const satisfies Details;

const rows: [why: string, type: string, details: Details, status: number, retryAfter: number | null][] = [
  ['input refused', 'ExternalAPIError', { failure: 'rejected', statusCode: 422, outcome: 'final' }, 422, null],
  [
    'job failed',
    'ExternalAPIError',
    { failure: 'reportedFailure', outcome: 'final', providerRequestId: 'j' },
    422,
    null,
  ],
  ['refused, but not for its input', 'ExternalAPIError', { failure: 'declined', outcome: 'final' }, 502, null],
  ['a status call refused', 'ExternalAPIError', { failure: 'rejected', statusCode: 400, ...sent }, 502, null],
  [
    'a status call that finds nothing',
    'ExternalAPIError',
    { failure: 'declined', statusCode: 404, ...sent },
    502,
    null,
  ],
  ['status calls failed', 'ExternalAPIError', { failure: 'serverError', statusCode: 500, ...sent }, 502, null],
  ['a status call too early', 'APIRateLimitError', { failure: 'rateLimited', retryAfter: 7, ...sent }, 504, null],
  ['a redirect', 'ExternalAPIError', { failure: 'redirected', statusCode: 302, outcome: 'final' }, 502, null],
  ['our credentials', 'APIAuthenticationError', { failure: 'forbidden', outcome: 'final' }, 502, null],
  ['nobody knows', 'OutcomeUnknown', { failure: 'serverError', outcome: 'ambiguous' }, 502, null],
  ['done, too large', 'ResultTooLargeError', { failure: 'resultTooLarge', outcome: 'final' }, 502, null],
  ['down, nothing sent', 'ExternalAPIError', { failure: 'unreachable', ...unsent }, 503, 60],
  ['limited, nothing done', 'APIRateLimitError', { failure: 'rateLimited', ...unsent, retryAfter: 6.2 }, 503, 7],
  ['limited, without a time', 'APIRateLimitError', { failure: 'rateLimited', ...unsent }, 503, 60],
  ['mode resend', 'ExternalAPIError', { failure: 'serverError', outcome: 'ambiguous', retryable: true }, 503, 60],
  ['the deadline, nothing sent', 'APITimeoutError', { failure: null, ...unsent }, 504, 60],
  ['the deadline, at work', 'APITimeoutError', { failure: null, ...sent }, 504, null],
  ['never retryable with an id', 'ExternalAPIError', { failure: 'serverError', retryable: true, ...sent }, 502, null],
];

describe('how HTTP tells of a request that failed', () => {
  test.each(rows)('[M6][M19] E5: %s: %s %j is %i, Retry-After %s', (_why, type, details, status, retryAfter) => {
    const error = createExternalAPIError(type, 'what happened', details);
    expect(failedAnswer(error, null)).toEqual({ status, retryAfter });
  });

  test('[M19][N18] E12: one that was sent again is not asked for once more', () => {
    const error = createExternalAPIError('ExternalAPIError', 'down', { failure: 'unreachable', ...unsent });
    expect(failedAnswer(error, `req_${'9'.repeat(26)}`)).toEqual({ status: 503, retryAfter: null });
  });

  test.each(Object.keys(FAILURES) as FailureName[])(
    '[M6] E5: %s without a final word on the work is never the fault of the input',
    (failure) => {
      const { type } = FAILURES[failure];
      for (const outcome of ['never-sent', 'refused', 'ambiguous', null] as const) {
        expect(failedAnswer(createExternalAPIError(type, '', { failure, outcome }), null).status).toBeGreaterThan(500);
      }
    },
  );
});
