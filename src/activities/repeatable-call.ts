import { Context } from '@temporalio/activity';
import { progressFrom, type CallProgress } from './call-progress.ts';
import type { ActivityDeps } from './deps.ts';
import { failureAfter } from './failed-call.ts';
import { keepAlive } from './keep-alive.ts';

/** One attempt of an activity whose call may be made again whatever came of it. Throws the failure that plans the next. */
export async function repeatableCall<T>(
  deps: Pick<ActivityDeps, 'policy' | 'provider' | 'random' | 'fallback'>,
  call: (context: Context, progress: CallProgress) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  const progress = progressFrom(context.info.heartbeatDetails);
  const stop = keepAlive(context, () => progress);
  try {
    return await call(context, progress);
  } catch (error) {
    const failure = failureAfter(error, progress, deps, true);
    // Details that a failure follows travel with it.
    context.heartbeat(progress);
    throw failure;
  } finally {
    stop();
  }
}
