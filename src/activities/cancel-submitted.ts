import { Context } from '@temporalio/activity';
import type { CancelInput, CancelResult } from '../contract/activities.ts';
import { progressFrom } from './call-progress.ts';
import type { ActivityDeps } from './deps.ts';
import { failureAfter } from './failed-call.ts';
import { keepAlive } from './keep-alive.ts';

/** Tells the provider that the work is no longer wanted, where its contract has a call for that. */
export function createCancelSubmitted(deps: ActivityDeps) {
  return async function cancelSubmitted({ requestId, providerRequestId }: CancelInput): Promise<CancelResult> {
    if (!deps.policy.cancelCall) return { outcome: 'not_supported' };
    const context = Context.current();
    const progress = progressFrom(context.info.heartbeatDetails);
    const stop = keepAlive(context, () => progress);
    try {
      const outcome = await deps.provider.cancel(providerRequestId, { requestId, retryCount: progress.calls });
      return { outcome };
    } catch (error) {
      const failure = failureAfter(error, progress, deps, true);
      // Details that a failure follows travel with it.
      context.heartbeat(progress);
      throw failure;
    } finally {
      stop();
    }
  };
}
