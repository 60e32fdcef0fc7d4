import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { Found, LookupActivities } from '../contract/activities.ts';
import { STILL_PROCESSING } from '../contract/failures.ts';
import { inTime } from './after-reset.ts';
import type { Request } from './create-request.ts';

export type LookedUp =
  | Found
  /** The provider does not let us ask. */
  | { found: 'unanswered'; why: string };

/**
 * What the provider has under our reference; null: the time is over, or one look was not enough.
 *
 * @param sentBefore when the last submit had surely been sent: milliseconds since 1970
 * @param answered whether it was answered with a 2xx
 * @param once whether somebody else goes on asking
 */
export async function findWork(
  { args, queues }: Request,
  { sentBefore, answered, withinMs, once }: { sentBefore: number; answered: boolean; withinMs: number; once: boolean },
): Promise<LookedUp | null> {
  const { findSubmitted } = proxyActivities<LookupActivities>({
    taskQueue: queues.polls,
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '10 seconds',
    scheduleToCloseTimeout: withinMs,
    retry: { initialInterval: '1 second', backoffCoefficient: 1 },
    summary: `Look for the work by our reference${once ? ', because of a callback' : ''}`,
  });
  const { requestId, submittedAs } = args;
  const { runId: askedIn } = workflowInfo();
  const input = {
    requestId,
    sentBefore,
    askedIn,
    ...(submittedAs !== undefined && { submittedAs }),
    ...(answered && { answered }),
    ...(once && { once: true as const }),
  };
  try {
    return await inTime(() => findSubmitted(input), withinMs);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const cause = error instanceof ActivityFailure ? error.cause : null;
    const isAnswered = cause instanceof ApplicationFailure && cause.type !== STILL_PROCESSING;
    return isAnswered ? { found: 'unanswered', why: cause.message } : null;
  }
}
