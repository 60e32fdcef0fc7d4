import type { ApplicationFailure } from '@temporalio/activity';
import { ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import type { CallProgress } from './call-progress.ts';
import type { ActivityDeps } from './deps.ts';
import { hasFallback } from './fall-back.ts';
import { planRetry } from './retry-plan.ts';
import { toApplicationFailure } from './to-application-failure.ts';

/**
 * Plans what follows a failed call, notes it in `progress`, and returns the failure to throw. An error that is not the
 * provider's (a cancellation, a lost task, a bug) is thrown as it is.
 */
export function failureAfter(
  error: unknown,
  progress: CallProgress,
  { policy, provider, random, fallback }: Pick<ActivityDeps, 'policy' | 'provider' | 'random' | 'fallback'>,
  repeatable: boolean,
): ApplicationFailure {
  if (!(error instanceof ExternalAPIError) || error.failure === null) throw error;
  const plan = planRetry(FAILURES[error.failure], progress, policy, {
    repeatable,
    retryAfterMs: error.retryAfter === null ? null : error.retryAfter * 1000,
    outage: provider.isDown,
    random: random(),
  });
  progress.calls += 1;
  progress.failures = plan.failures;
  if (!plan.final) progress.waits = plan.waits;
  return toApplicationFailure(error, plan, hasFallback({ fallback }));
}
