import type { AuthenticateInput, Authentication } from '../contract/activities.ts';
import { hasFallback } from './fall-back.ts';
import type { ActivityDeps } from './deps.ts';
import { effectiveIdempotency } from './idempotency.ts';
import { repeatableCall } from './repeatable-call.ts';

/**
 * Makes sure that this worker has a valid token, unless an earlier answer makes it unnecessary. The token itself stays
 * here. The cache is asked first and in this activity, so that a hit costs neither a call nor an event.
 */
export function createAuthenticate(deps: ActivityDeps) {
  return async function authenticate({ requestId, idempotency, cache }: AuthenticateInput): Promise<Authentication> {
    const found = cache && (await deps.answers?.lookUp(cache));
    if (found?.answer) return { tokenGeneration: null, expiresAt: null, cached: found.answer };
    const { generation, expiresAt } = await repeatableCall(deps, ({ cancellationSignal: signal }, { calls }) =>
      deps.provider.authenticate({ requestId, retryCount: calls, signal }),
    );
    const mode = effectiveIdempotency(idempotency, deps.policy.idempotency);
    const resends = mode === 'key' || mode === 'resend';
    return {
      tokenGeneration: generation,
      expiresAt: expiresAt.toISOString(),
      resends,
      ...(typeof found?.slot === 'string' && { answerSlot: found.slot }),
      ...(hasFallback(deps) && { fallback: true }),
    };
  };
}
