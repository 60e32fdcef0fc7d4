import type { AuthenticateInput, Authentication } from '../contract/activities.ts';
import { hasFallback } from '../answers/fallback.ts';
import { counting, NO_CALLS } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { repeatableCall } from './repeatable-call.ts';

/**
 * Makes sure that this worker has a valid token, unless an earlier answer makes it unnecessary, or the provider is closed:
 * then nobody waits here, and the submit gets it when its turn has come. The token itself stays here. The cache is asked
 * first and in this activity, so that a hit costs neither a call nor an event.
 */
export function createAuthenticate(deps: ActivityDeps) {
  return async function authenticate({ requestId, idempotency, cache }: AuthenticateInput): Promise<Authentication> {
    const found = cache && (await deps.answers?.lookUp(cache));
    if (found?.answer) return { tokenGeneration: null, expiresAt: null, mode: null, cached: found.answer };
    const token = await repeatableCall(
      deps,
      { none: NO_CALLS, isLook: false },
      ({ cancellationSignal: signal }, progress) =>
        deps.provider.authenticate({ requestId, count: counting(progress), signal }),
    );
    return {
      tokenGeneration: token?.generation ?? null,
      expiresAt: token?.expiresAt.toISOString() ?? null,
      // What is not allowed ends at the submit, which says so.
      mode: idempotency ?? deps.policy.idempotency,
      ...(typeof found?.slot === 'string' && { answerSlot: found.slot }),
      ...(hasFallback(deps) && { fallback: true }),
      ...(deps.provider.listedAfterMs !== null && { looksUp: true }),
      ...(deps.links.chosen !== null && { callback: deps.links.chosen }),
    };
  };
}
