import type { ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';

/** How HTTP tells of a request that ended without a result. */
export interface FailedAnswer {
  status: 422 | 502 | 503 | 504;
  /** Seconds after which to send it anew; null: that could do the work twice, or would not help. */
  retryAfter: number | null;
}

/** Where the provider did not say how long. */
const RETRY_AFTER_SECONDS = 60;

/**
 * The status follows from what the provider may have done, and not from the provider's own status: a 4xx to our status
 * call is no word on the caller's input.
 *
 * | ended by, the first that fits | status |
 * |---|---|
 * | the provider's final word on this input | 422 |
 * | its deadline, or a call without an answer | 504 |
 * | what may pass, where it is safe to send it anew | 503 |
 * | the provider's limit, where it is not | 504 |
 * | anything else | 502 |
 *
 * @param retriedBy the request that repeats it: to send it anew would do the work twice
 */
export function failedAnswer(error: ExternalAPIError, retriedBy: string | null): FailedAnswer {
  const { type, failure, outcome, retryable, providerRequestId } = error;
  const repeatable = retryable && providerRequestId === null;
  const retryAfter = repeatable && retriedBy === null ? seconds(error.retryAfter) : null;
  if (failure !== null && FAILURES[failure].aboutInput && outcome === 'final') return { status: 422, retryAfter: null };
  if (type === 'APITimeoutError') return { status: 504, retryAfter };
  if (repeatable) return { status: 503, retryAfter };
  return { status: type === 'APIRateLimitError' ? 504 : 502, retryAfter: null };
}

function seconds(asked: number | null): number {
  return Math.max(1, Math.ceil(asked ?? RETRY_AFTER_SECONDS));
}
