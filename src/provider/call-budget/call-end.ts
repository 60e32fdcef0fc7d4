import { ExternalAPIError } from '../../contract/errors.ts';
import type { FailureName } from '../../contract/failures.ts';
import type { CallEnd } from './budget.ts';

/** Rows of the failure table that say something else of the provider than that it works. */
const ENDS: Partial<Record<FailureName, Exclude<CallEnd['type'], 'refused'>>> = {
  unreachable: 'unreachable',
  badCertificate: 'unsent',
  noAnswer: 'failed',
  connectionLost: 'failed',
  serverError: 'failed',
};

/** What a call that was handed over and failed with `error` means for the budget. */
export function endOfCall(error: unknown): CallEnd {
  if (!(error instanceof ExternalAPIError) || error.failure === null) return { type: 'unknown' };
  const { failure, retryAfter } = error;
  if (failure === 'rateLimited' || failure === 'unavailableUntil') {
    return { type: 'refused', retryAfterMs: retryAfter === null ? null : retryAfter * 1000 };
  }
  return { type: ENDS[failure] ?? 'answered' };
}
