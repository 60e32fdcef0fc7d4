import type { ErrorType, FailureRow } from '../contract/failures.ts';
import type { Idempotency } from '../contract/request.ts';

/** How this worker calls the provider. Delays in milliseconds. */
export interface CallPolicy {
  /** Calls in all, for failures of the provider. */
  maxRetries: number;
  retryDelayMs: number;
  pollInitialMs: number;
  pollMaxMs: number;
  /** What an ambiguous `process` does: see EXTERNAL_API_IDEMPOTENCY in docs/configuration.md. */
  idempotency: Idempotency;
  /** Whether the provider has `DELETE /status/{request_id}`. */
  cancelCall: boolean;
}

const MAX_BACKOFF_MS = 60_000;

/** What to do after a failure: end with `type`, or go on after `delayMs`. */
export type RetryPlan =
  | { final: true; type: ErrorType; failures: number }
  | { final: false; type: ErrorType; failures: number; waits: number; delayMs: number };

/**
 * Plans the step after a failed call.
 *
 * @param repeatable whether an ambiguous call may be made again: true for reads and tokens, for `process` as the
 *   idempotency mode says.
 * @param retryAfterMs what the provider asked for, or null.
 * @param outage whether the provider is held to be down.
 * @param random uniform in [0, 1): full jitter, so that a fleet does not come back at once.
 */
export function planRetry(
  row: FailureRow,
  before: { failures: number; waits: number },
  policy: Pick<CallPolicy, 'maxRetries' | 'retryDelayMs'>,
  {
    repeatable,
    retryAfterMs,
    outage,
    random,
  }: { repeatable: boolean; retryAfterMs: number | null; outage: boolean; random: number },
): RetryPlan {
  const { failures, waits } = before;
  if (row.next === 'final') return { final: true, type: row.type, failures };
  if (row.next === 'wait') {
    const delayMs = atLeastOne(retryAfterMs ?? backoff(waits, policy.retryDelayMs, random));
    return { final: false, type: row.type, failures, waits: waits + 1, delayMs };
  }
  if (row.next === 'settle' && !repeatable) return { final: true, type: 'OutcomeUnknown', failures };
  // Nobody's calls get through: that is no failure of this request.
  if (outage) {
    const delayMs = atLeastOne(backoff(waits, policy.retryDelayMs, random));
    return { final: false, type: row.type, failures, waits: waits + 1, delayMs };
  }
  if (failures + 1 >= policy.maxRetries) return { final: true, type: row.type, failures: failures + 1 };
  const delayMs = atLeastOne(backoff(failures, policy.retryDelayMs, random));
  return { final: false, type: row.type, failures: failures + 1, waits, delayMs };
}

/** `base · 2^n`, at most a minute, with full jitter. */
function backoff(n: number, baseMs: number, random: number): number {
  return random * Math.min(MAX_BACKOFF_MS, baseMs * 2 ** n);
}

/** The SDK drops a `nextRetryDelay` of 0. */
function atLeastOne(delayMs: number): number {
  return Math.max(1, Math.round(delayMs));
}
