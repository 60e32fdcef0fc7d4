import { expect, test } from 'vitest';
import { FAILURES, type ErrorType, type FailureName } from '../../../src/contract/failures.ts';
import { ended } from '../../../src/workflows/failure-of.ts';
import { mayFallBack } from '../../../src/workflows/may-fall-back.ts';

const NEVER: readonly FailureName[] = [
  'rejected',
  'forbidden',
  'unauthorized',
  'invalidClient',
  'reportedFailure',
  'notAllowed',
  'resultTooLarge',
  'redirected',
];

test.each(Object.keys(FAILURES) as FailureName[])(
  '[M13] the row %s of the failure table falls back, or not',
  (failure) => {
    expect(mayFallBack(ended('failed', FAILURES[failure].type, '', { failure }))).toBe(!NEVER.includes(failure));
  },
);

test.each<[ErrorType, number | null, boolean]>([
  ['ExternalAPIError', 400, false],
  ['ExternalAPIError', 404, false],
  ['ExternalAPIError', 499, false],
  ['APIRateLimitError', 429, true],
  ['ExternalAPIError', 500, true],
  ['APITimeoutError', null, true],
  ['OutcomeUnknown', null, false],
  ['OutcomeUnknown', 503, false],
])('[M13][N1] %s with status %s falls back: %s', (type, statusCode, falls) => {
  expect(mayFallBack(ended('timed_out', type, '', { statusCode }))).toBe(falls);
});
