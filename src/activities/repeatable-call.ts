import { Context } from '@temporalio/activity';
import type { CallProgress } from '../contract/activities.ts';
import { hasFallback } from '../answers/fallback.ts';
import { afterFailure, afterLastWait, isCallError } from '../submit/after-failure.ts';
import { NO_CALLS, recordedProgress } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { keepAlive } from './keep-alive.ts';
import { remainingMs } from './remaining.ts';
import { toApplicationFailure } from './to-application-failure.ts';

type Deps = Pick<ActivityDeps, 'policy' | 'provider' | 'random' | 'fallback' | 'now'>;

/**
 * One attempt of an activity whose call may be made again whatever came of it. Throws the failure that plans the next.
 *
 * @param isLook whether the call looks at accepted work: then the last one is made shortly before the deadline
 */
export async function repeatableCall<T>(
  deps: Deps,
  isLook: boolean,
  call: (context: Context, progress: CallProgress) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const progress = recordedProgress(context.info.heartbeatDetails, NO_CALLS) ?? { ...NO_CALLS };
  const stop = keepAlive(context, () => progress);
  try {
    const late = afterLastWait(progress, remainingMs(context, deps.now()));
    if (late !== null) throw toApplicationFailure(late, { context, progress, fallback: hasFallback(deps) });
    return await call(context, progress);
  } catch (error) {
    if (!isCallError(error)) throw error;
    throw failureAfterCall(error, deps, context, progress, isLook);
  } finally {
    stop();
  }
}

/** The failure to throw after a call that may be repeated. */
export function failureAfterCall(
  error: Parameters<typeof afterFailure>[0],
  deps: Deps,
  context: Context,
  progress: CallProgress,
  isLook: boolean,
) {
  const failure = afterFailure(error, progress, {
    policy: deps.policy,
    repeatable: true,
    outage: deps.provider.isDown,
    random: deps.random(),
    remainingMs: remainingMs(context, deps.now()),
    isLook,
  });
  return toApplicationFailure(failure, { context, progress, fallback: hasFallback(deps) });
}
