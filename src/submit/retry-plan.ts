import type { FailureRow } from '../contract/failures.ts';

/** How failed calls are repeated. */
export interface RetryPolicy {
  /** Calls in all, for failures of the provider. */
  maxRetries: number;
  retryDelayMs: number;
}

export interface RetryFacts {
  /** Whether an ambiguous call may be made again: reads and tokens always, a submit as its idempotency mode says. */
  repeatable: boolean;
  /** What the provider asked for; null when it did not say. */
  retryAfterMs: number | null;
  /** Whether the provider is held to be down: then no call fails for a reason of this request. */
  outage: boolean;
  /** Uniform in [0, 1): full jitter, so that a fleet does not come back at once. */
  random: number;
}

const MAX_BACKOFF_MS = 60_000;

/** What to do after a failure: end, or go on after `delayMs`. The counts are those of CallProgress. */
export type RetryPlan = { failures: number; waits: number } & ({ end: true } | { end: false; delayMs: number });

/** Plans the step after a failed call. */
export function planRetry(
  row: FailureRow,
  { failures, waits }: { failures: number; waits: number },
  policy: RetryPolicy,
  { repeatable, retryAfterMs, outage, random }: RetryFacts,
): RetryPlan {
  if (row.next === 'final' || (row.outcome === 'ambiguous' && !repeatable)) return { end: true, failures, waits };
  if (row.next === 'wait' || outage) {
    const delayMs = atLeastOne(retryAfterMs ?? backoff(waits, policy.retryDelayMs, random));
    return { end: false, failures, waits: waits + 1, delayMs };
  }
  const counted = { failures: failures + 1, waits };
  if (counted.failures >= policy.maxRetries) return { end: true, ...counted };
  return {
    end: false,
    ...counted,
    delayMs: atLeastOne(retryAfterMs ?? backoff(failures, policy.retryDelayMs, random)),
  };
}

/** So long before the deadline a wait that would reach past it is cut, for a last look. */
export const LAST_LOOK_MS = 2_000;

/** What is left too short for another attempt ends now. */
const NOTHING_LEFT_MS = 100;

/**
 * A wait that ends in time. One that would reach past the deadline is cut: where a call then is a look at accepted work,
 * to a last look shortly before it; elsewhere, and after that look, it lasts until the deadline, and whoever waited calls
 * nobody, because work that is begun so late is lost. Temporal ends an activity whose next attempt would come too late at
 * once, so that a wait which is not cut is how an attempt ends it.
 */
export function cutToDeadline(
  delayMs: number,
  remainingMs: number,
  isLook: boolean,
): { delayMs: number; untilDeadline: boolean } {
  const endMs = Math.floor(remainingMs - NOTHING_LEFT_MS);
  const lookMs = Math.floor(remainingMs - LAST_LOOK_MS);
  const looks = isLook && lookMs > NOTHING_LEFT_MS;
  if (delayMs <= (looks ? lookMs : endMs) || endMs <= 0) return { delayMs, untilDeadline: false };
  return { delayMs: looks ? lookMs : endMs, untilDeadline: !looks };
}

/** `base · 2^n`, at most a minute, with full jitter. */
function backoff(n: number, baseMs: number, random: number): number {
  return random * Math.min(MAX_BACKOFF_MS, baseMs * 2 ** n);
}

/** The SDK drops a `nextRetryDelay` of 0. */
function atLeastOne(delayMs: number): number {
  return Math.max(1, Math.round(delayMs));
}
