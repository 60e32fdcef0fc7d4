import type { CallProgress } from '../contract/activities.ts';
import type { CallError } from '../contract/errors.ts';
import { FAILURES, type ErrorDetails } from '../contract/failures.ts';
import type { ErrorType, Outcome } from '../contract/values.ts';
import { cutToDeadline, planRetry, type RetryFacts, type RetryPolicy } from './retry-plan.ts';

/** A failed call, and what follows: the end of its activity, or another attempt. */
export interface PlannedFailure {
  type: ErrorType;
  message: string;
  details: ErrorDetails;
  /** Null: no attempt follows. */
  delayMs: number | null;
  benign: boolean;
}

export interface FailureFacts extends Omit<RetryFacts, 'retryAfterMs'> {
  policy: RetryPolicy;
  /** What the provider may have done with all calls of the step together; default: what the failed one says. */
  outcome?: Outcome;
  /** Until the request's deadline. */
  remainingMs: number;
  /** Whether the call looks at accepted work. */
  isLook: boolean;
}

/** Plans what follows a failed call, and notes it in `progress` for the next attempt. */
export function afterFailure(error: CallError, progress: CallProgress, facts: FailureFacts): PlannedFailure {
  const row = FAILURES[error.failure];
  const retryAfterMs = error.retryAfter === null ? null : error.retryAfter * 1000;
  const plan = planRetry(row, progress, facts.policy, { ...facts, retryAfterMs });
  const { outcome = row.outcome } = facts;
  const details: ErrorDetails = {
    failure: error.failure,
    outcome,
    statusCode: error.statusCode,
    requestId: error.requestId,
    providerRequestId: error.providerRequestId,
    retryable: error.retryable,
    retryAfter: error.retryAfter,
  };
  const { message, type } = error;
  Object.assign(progress, {
    failures: plan.failures,
    waits: plan.waits,
    last: { type, message, details },
    ended: plan.end,
  });
  if (plan.end) return { type, message, details, delayMs: null, benign: row.benign };
  const { delayMs, untilDeadline } = cutToDeadline(plan.delayMs, facts.remainingMs, facts.isLook);
  progress.untilDeadline = untilDeadline;
  return { type, message, details, delayMs, benign: row.benign };
}

/**
 * How an attempt ends that calls nobody: the one after an end that Temporal did not get, again with that; the one after a
 * wait that lasted until the deadline, with what led to the wait.
 */
export function endWithoutCall(progress: CallProgress, remainingMs: number): PlannedFailure | null {
  const { last, ended, untilDeadline } = progress;
  if (last === null) return null;
  if (ended) return { ...last, delayMs: null, benign: false };
  return untilDeadline ? { ...last, delayMs: Math.ceil(remainingMs) + AFTER_DEADLINE_MS, benign: true } : null;
}

/** So much later than the deadline Temporal starts no attempt, and says that it was the deadline. */
export const AFTER_DEADLINE_MS = 60_000;
