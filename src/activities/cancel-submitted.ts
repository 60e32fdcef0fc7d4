import type { CancelInput, CancelResult } from '../contract/activities.ts';
import { counting, NO_CALLS } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { repeatableCall } from './repeatable-call.ts';

/** Tells the provider that the work is no longer wanted, where its contract has a call for that. */
export function createCancelSubmitted(deps: ActivityDeps) {
  return async function cancelSubmitted({ requestId, providerRequestId }: CancelInput): Promise<CancelResult> {
    if (!deps.policy.cancelCall) return { outcome: 'not_supported' };
    const outcome = await repeatableCall(deps, { none: NO_CALLS, isLook: true }, (_context, progress) =>
      deps.provider.cancel(providerRequestId, { requestId, count: counting(progress) }),
    );
    return { outcome };
  };
}
