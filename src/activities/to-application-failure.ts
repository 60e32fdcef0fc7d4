import { ApplicationFailure, type Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { CallProgress } from '../contract/activities.ts';
import { STILL_PROCESSING, type ErrorDetails } from '../contract/failures.ts';
import type { PlannedFailure } from '../submit/after-failure.ts';

/** The only place where a planned failure becomes a Temporal failure. Its progress travels to the next attempt. */
export function toApplicationFailure(
  { type, message, details, delayMs, benign }: PlannedFailure,
  { context, progress, fallback }: { context: Context; progress: CallProgress; fallback: boolean },
): ApplicationFailure {
  // Details that a failure follows are recorded with it.
  context.heartbeat(progress);
  const shown: ErrorDetails = { ...details, ...(fallback && { fallback }) };
  return withoutStack(
    ApplicationFailure.create({
      type,
      message,
      // What is told beside the error: to the workflow only.
      details: [shown, { calls: progress.calls }],
      nonRetryable: delayMs === null,
      ...(delayMs !== null && { nextRetryDelay: delayMs }),
      ...(benign && { category: ApplicationFailureCategory.BENIGN }),
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
