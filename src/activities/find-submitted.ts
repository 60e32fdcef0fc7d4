import type { CallProgress, FindInput, Found } from '../contract/activities.ts';
import { pollDelay } from '../polling/poll-plan.ts';
import { counting, NO_CALLS } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { repeatableCall } from './repeatable-call.ts';
import { stillProcessing } from './to-application-failure.ts';

interface FindProgress extends CallProgress {
  /** Looks that were answered. */
  looks: number;
}

/**
 * Asks for the work of a lost submit by our own reference, each look an attempt, until it is listed. That it is not proves
 * nothing, unless the profile says after how long it would be and the list has nothing at all.
 */
export function createFindSubmitted(deps: ActivityDeps) {
  return async function findSubmitted({
    requestId,
    submittedAs,
    sentBefore,
    answered = false,
  }: FindInput): Promise<Found> {
    const none: FindProgress = { ...NO_CALLS, looks: 0 };
    return await repeatableCall(deps, { none, isLook: true }, async (context, progress) => {
      const { handles, isEmpty } = await deps.provider.find(submittedAs ?? requestId, {
        requestId,
        signal: context.cancellationSignal,
        count: counting(progress),
      });
      const [providerRequestId] = handles;
      if (handles.length > 1) return { found: 'several', providerRequestIds: [...handles] };
      if (providerRequestId !== undefined) return { found: 'one', providerRequestId };
      const { listedAfterMs } = deps.provider;
      // Both times are the server's: no clock of a worker decides that work is sent again.
      const passedMs = context.info.currentAttemptScheduledTimestampMs - sentBefore;
      if (!answered && isEmpty && typeof listedAfterMs === 'number' && passedMs >= listedAfterMs)
        return { found: 'none' };
      Object.assign(progress, { looks: progress.looks + 1, failures: 0, waits: 0, last: null });
      context.heartbeat(progress);
      const { policy, random } = deps;
      const delayMs = pollDelay(progress.looks, policy, { hintMs: null, random: random() });
      throw stillProcessing(`The provider does not list the work yet (look ${progress.looks})`, delayMs);
    });
  };
}
