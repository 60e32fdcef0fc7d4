import type { CallProgress, FindInput, Found } from '../contract/activities.ts';
import { pollDelay } from '../polling/poll-plan.ts';
import { AFTER_DEADLINE_MS } from '../submit/after-failure.ts';
import { foundIn } from '../submit/found-work.ts';
import { counting, NO_CALLS } from '../submit/progress.ts';
import { cutToDeadline } from '../submit/retry-plan.ts';
import type { ActivityDeps } from './deps.ts';
import { remainingMs } from './remaining.ts';
import { repeatableCall } from './repeatable-call.ts';
import { stillProcessing } from './to-application-failure.ts';

interface FindProgress extends CallProgress {
  /** Looks that were answered. */
  looks: number;
}

/**
 * Asks for the work of a lost submit by our own reference, each look an attempt, until the provider's list says what became
 * of it.
 */
export function createFindSubmitted(deps: ActivityDeps) {
  // The question stays open for hours, and a provider that was down may come back: only a final no ends the looks.
  const patient = { ...deps, policy: { ...deps.policy, maxRetries: Infinity } };
  return async function findSubmitted({
    requestId,
    submittedAs,
    sentBefore,
    askedIn,
    answered = false,
    once,
  }: FindInput): Promise<Found | null> {
    const none: FindProgress = { ...NO_CALLS, looks: 0 };
    return await repeatableCall(once ? deps : patient, { none, isLook: true }, async (context, progress) => {
      const listed = await deps.provider.find(submittedAs ?? requestId, {
        requestId,
        signal: context.cancellationSignal,
        count: counting(progress),
      });
      // Both times are the server's: no clock of a worker decides that work is sent again.
      const passedMs = context.info.currentAttemptScheduledTimestampMs - sentBefore;
      const found = foundIn(listed, { listedAfterMs: deps.provider.listedAfterMs, passedMs, answered });
      if (found !== null) return found.found === 'none' ? { ...found, askedIn } : found;
      if (once) return null;
      Object.assign(progress, { looks: progress.looks + 1, failures: 0, waits: 0, last: null });
      context.heartbeat(progress);
      const { policy, random } = deps;
      const wantedMs = pollDelay(progress.looks, policy, { hintMs: null, random: random() });
      const { delayMs, untilDeadline } = cutToDeadline(wantedMs, remainingMs(context, deps.now()), true);
      const why = `The provider does not list the work yet (look ${progress.looks})`;
      throw stillProcessing(why, untilDeadline ? AFTER_DEADLINE_MS : delayMs);
    });
  };
}
