import { ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import type { CallEnd } from './rules.ts';

/** What a call that was handed over and failed with `error` means for the budget. */
export function endOfCall(error: unknown): CallEnd {
  if (!(error instanceof ExternalAPIError) || error.failure === null) return { type: 'unknown' };
  const type = FAILURES[error.failure].budget;
  if (type !== 'refused') return { type };
  return { type, retryAfterMs: error.retryAfter === null ? null : error.retryAfter * 1000 };
}
