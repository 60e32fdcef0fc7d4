import type { FailureName } from '../contract/failures.ts';
import type { RequestFailure } from './failure-of.ts';

/** Rows of the failure table that are a decision on this very request: another answer would hide it. */
const DECIDED: readonly (FailureName | null)[] = [
  'rejected',
  'forbidden',
  'unauthorized',
  'invalidClient',
  'reportedFailure',
  'notAllowed',
  'resultTooLarge',
  'redirected',
];

/** Never when the provider, or we, decided on this request; never when nobody knows what became of it. */
export function mayFallBack({ error, details }: RequestFailure): boolean {
  if (error.type === 'OutcomeUnknown' || DECIDED.includes(details.failure)) return false;
  const { statusCode } = error;
  return statusCode === null || statusCode < 400 || statusCode > 499 || statusCode === 429;
}
