import type { PollInput, PollResult } from '../contract/activities.ts';
import { firstWait, NO_POLLS, pollOnce } from '../polling/poll-job.ts';
import { LONGEST_ATTEMPT_MS, WAIT_IN_ATTEMPT_MS } from '../polling/poll-plan.ts';
import { AFTER_DEADLINE_MS } from '../submit/after-failure.ts';
import { counting, NO_CALLS } from '../submit/progress.ts';
import { checkResultSize } from '../submit/result-size.ts';
import { cutToDeadline } from '../submit/retry-plan.ts';
import type { ActivityDeps } from './deps.ts';
import { remainingMs } from './remaining.ts';
import { repeatableCall } from './repeatable-call.ts';
import { stillProcessing } from './to-application-failure.ts';

/**
 * Asks until the work is finished. Short waits are spent here; before a longer one the attempt ends as
 * `StillProcessing`, and Temporal starts the next one then: polls add no history and hold no slot. One that is to look `once`
 * leaves the waiting to another.
 */
export function createPollStatus(deps: ActivityDeps) {
  return async function pollStatus(input: PollInput): Promise<PollResult | null> {
    return await repeatableCall(
      deps,
      { none: { ...NO_CALLS, ...NO_POLLS }, isLook: true },
      async (context, progress) => {
        const attemptEndsAt = deps.now() + LONGEST_ATTEMPT_MS;

        async function wait(plannedMs: number, why: string): Promise<void> {
          const leftMs = remainingMs(context, deps.now());
          const { delayMs, untilDeadline } = cutToDeadline(plannedMs, leftMs, true);
          const isLong = delayMs > WAIT_IN_ATTEMPT_MS || delayMs >= leftMs || deps.now() > attemptEndsAt;
          if (!isLong || untilDeadline) await context.sleep(delayMs);
          if (!isLong && !untilDeadline) return;
          // What it has counted reaches the next attempt only so.
          context.heartbeat(progress);
          throw stillProcessing(why, untilDeadline ? AFTER_DEADLINE_MS : delayMs);
        }

        if (!progress.started) {
          progress.started = true;
          const firstMs = await firstWait(input, deps);
          if (firstMs > 0) await wait(firstMs, 'Submitted; the first poll is due');
        }
        for (;;) {
          const polled = await pollOnce(input, progress, deps, {
            signal: context.cancellationSignal,
            count: counting(progress),
          });
          if ('finished' in polled) {
            checkResultSize(polled.finished.result, input.requestId, input.providerRequestId);
            return { ...polled.finished, calls: progress.calls };
          }
          if (input.once) return null;
          await wait(polled.waitMs, polled.why);
        }
      },
    );
  };
}
