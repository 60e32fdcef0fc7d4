import { Context } from '@temporalio/activity';
import type { AuthenticateInput, Authentication } from '../contract/activities.ts';
import { progressFrom } from './call-progress.ts';
import { failureAfter } from './failed-call.ts';
import type { ActivityDeps } from './deps.ts';
import { effectiveIdempotency } from './idempotency.ts';
import { keepAlive } from './keep-alive.ts';

/** Makes sure that this worker has a valid token. The token itself stays here. */
export function createAuthenticate(deps: ActivityDeps) {
  return async function authenticate({ requestId, idempotency }: AuthenticateInput): Promise<Authentication> {
    const context = Context.current();
    const progress = progressFrom(context.info.heartbeatDetails);
    const stop = keepAlive(context, () => progress);
    try {
      const { generation, expiresAt } = await deps.provider.authenticate({
        requestId,
        retryCount: progress.calls,
        signal: context.cancellationSignal,
      });
      const mode = effectiveIdempotency(idempotency, deps.policy.idempotency);
      const resends = mode === 'key' || mode === 'resend';
      return { tokenGeneration: generation, expiresAt: expiresAt.toISOString(), resends };
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
