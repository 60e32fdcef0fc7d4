import { CancellationScope, proxyActivities } from '@temporalio/workflow';
import type { AnswerActivities, Authentication, FallBackResult } from '../contract/activities.ts';
import { inTime } from './after-reset.ts';
import { count } from './count.ts';
import type { Request } from './create-request.ts';
import type { RequestFailure } from './request-failure.ts';

const LONGEST_FALLBACK_MS = 30_000;

/**
 * What stands in for the result of a request that is about to end with `failure`; null: nothing.
 *
 * @param authentication null when the request has failed before it had one: then the failure says what the worker can
 */
export async function fallBack(
  { args, queues, tally }: Request,
  failure: RequestFailure,
  authentication: Authentication | null,
): Promise<FallBackResult | null> {
  const hasFallback = (authentication ?? failure.details).fallback ?? false;
  const { consideredCancelled } = CancellationScope.current();
  if (!hasFallback || consideredCancelled || !failure.mayFallBack) return null;
  const activities = proxyActivities<AnswerActivities>({
    taskQueue: queues.requests,
    scheduleToCloseTimeout: LONGEST_FALLBACK_MS,
    retry: { maximumAttempts: 3 },
    summary: `Instead of a result: ${failure.error.type}`,
  });
  const { requestId, tenant, data, cache } = args;
  // Whoever wants nothing to do with kept answers gets none from the fallback either.
  const cacheKey = cache.use === 'off' ? null : cache.key;
  const input = { requestId, tenant, data, failure: failure.error, cacheKey };
  try {
    // The request ends in any case: a cancellation that comes now comes too late.
    const instead = await CancellationScope.nonCancellable(() =>
      inTime(() => activities.fallBack(input), LONGEST_FALLBACK_MS),
    );
    if (instead !== null) {
      count('external_api_fallbacks', 'Requests that failed and were completed by the fallback');
    }
    return instead;
  } catch (error) {
    tally.fallbackError = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    return null;
  }
}
