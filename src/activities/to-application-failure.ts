import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { ExternalAPIError } from '../contract/errors.ts';
import { STILL_PROCESSING, type ErrorDetails, type FailureName } from '../contract/failures.ts';
import type { RetryPlan } from './retry-plan.ts';

/** Waiting for our turn is no failure: no warning, no metric. */
const OUR_TURN_TO_WAIT: readonly (FailureName | null)[] = ['overBudget', 'coolingDown', 'outage'];

/** The only place where a provider's error becomes a Temporal failure. */
export function toApplicationFailure(error: ExternalAPIError, plan: RetryPlan, fallback: boolean): ApplicationFailure {
  const details: ErrorDetails = {
    failure: error.failure,
    outcome: error.outcome,
    statusCode: error.statusCode,
    requestId: error.requestId,
    providerRequestId: error.providerRequestId,
    // Whoever sends it again may do the work twice.
    retryable: error.retryable && plan.type !== 'OutcomeUnknown',
    retryAfter: error.retryAfter,
    ...(fallback && { fallback }),
  };
  return withoutStack(
    ApplicationFailure.create({
      type: plan.type,
      message: error.message,
      nonRetryable: plan.final,
      details: [details],
      ...(OUR_TURN_TO_WAIT.includes(error.failure) && { category: ApplicationFailureCategory.BENIGN }),
      ...(plan.final ? {} : { nextRetryDelay: plan.delayMs }),
    }),
  );
}

/** "Not yet": Temporal asks again after `delayMs`, without an event, a warning or a metric. */
export function stillProcessing(message: string, delayMs: number): ApplicationFailure {
  return withoutStack(
    ApplicationFailure.create({
      type: STILL_PROCESSING,
      message,
      category: ApplicationFailureCategory.BENIGN,
      nextRetryDelay: delayMs,
    }),
  );
}

/** Expected failures show in the Web UI: a stack trace there would only hide the message. */
function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}
