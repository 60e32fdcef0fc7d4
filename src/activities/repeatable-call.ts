import { Context } from '@temporalio/activity';
import type { CallProgress } from '../contract/activities.ts';
import { isCallError } from '../contract/errors.ts';
import { hasFallback } from '../answers/fallback.ts';
import { afterFailure, endWithoutCall } from '../submit/after-failure.ts';
import { recordedProgress } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { keepAlive } from './keep-alive.ts';
import { remainingMs } from './remaining.ts';
import { toApplicationFailure } from './to-application-failure.ts';

type Deps = Pick<ActivityDeps, 'policy' | 'provider' | 'random' | 'fallback' | 'now'>;

/**
 * One attempt of an activity whose call may be made again whatever came of it. Throws the failure that plans the next.
 *
 * @param none the progress of the first attempt
 * @param isLook whether the call looks at accepted work: then the last one is made shortly before the deadline
 */
export async function repeatableCall<Progress extends CallProgress, T>(
  deps: Deps,
  { none, isLook }: { none: Progress; isLook: boolean },
  call: (context: Context, progress: Progress) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const progress = recordedProgress(context.info.heartbeatDetails, none) ?? { ...none };
  const told = { context, progress, fallback: hasFallback(deps) };
  const stop = keepAlive(context, () => progress);
  try {
    const ended = endWithoutCall(progress, remainingMs(context, deps.now()));
    if (ended !== null) throw toApplicationFailure(ended, told);
    return await call(context, progress);
  } catch (error) {
    if (!isCallError(error)) throw error;
    const failure = afterFailure(error, progress, {
      policy: deps.policy,
      repeatable: true,
      outage: deps.provider.isDown,
      random: deps.random(),
      remainingMs: remainingMs(context, deps.now()),
      isLook,
    });
    throw toApplicationFailure(failure, told);
  } finally {
    stop();
  }
}
