import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { SubmitInput, Submission } from '../contract/activities.ts';
import { ofAnotherVersion, WORKFLOW_VERSION } from '../contract/request.ts';
import { hasFallback } from '../answers/fallback.ts';
import { attempt, type AttemptFacts } from '../submit/attempt.ts';
import { NOTHING_SUBMITTED, recordedProgress } from '../submit/progress.ts';
import type { ActivityDeps } from './deps.ts';
import { DurableHeartbeat } from './durable-heartbeat.ts';
import { pendingSubmit } from './pending-submit.ts';
import { remainingMs } from './remaining.ts';
import { toApplicationFailure } from './to-application-failure.ts';

/** Submits the work: one POST /process. A cancelled request's POST is not cut: its answer says what became of it. */
export function createProcess(deps: ActivityDeps) {
  return async function process(input: SubmitInput): Promise<Submission> {
    if (input.version !== WORKFLOW_VERSION) throw notOurs(input.version);
    const context = Context.current();
    const record = recordedProgress(context.info.heartbeatDetails, NOTHING_SUBMITTED);
    const progress = record ?? { ...NOTHING_SUBMITTED };
    const log = new DurableHeartbeat(
      context,
      () => progress,
      () => progress.sending,
    );
    try {
      const facts = factsOf(context, record !== null, () => log.isCancelled, deps.now);
      const ended = await attempt(input, progress, facts, { ...deps, log });
      if (ended.end === 'submitted') return ended.submission;
      await log.stop();
      if (ended.end === 'failed') {
        throw toApplicationFailure(ended.failure, { context, progress, fallback: hasFallback(deps) });
      }
      // The SDK learns of the cancellation by its own heartbeat. Of a task that is another's nobody hears any more.
      context.heartbeat(progress);
      if (ended.end === 'cancelled') await context.cancelled.catch(() => {});
      throw new CancelledFailure('Cancelled before the request was sent', [
        { outcome: ended.end === 'cancelled' ? ended.outcome : null, calls: progress.calls },
      ]);
    } finally {
      log.end();
    }
  };
}

/** What the attempts of other code recorded cannot be read. The next attempt may be theirs again. */
function notOurs(version: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'OtherVersion',
    message: ofAnotherVersion(version),
    nextRetryDelay: '1 minute',
  });
}

function factsOf(context: Context, hasRecord: boolean, isCancelled: () => boolean, now: () => number): AttemptFacts {
  const { info } = context;
  const startedAt = performance.now();
  return {
    hasRecord,
    isFirst: info.currentAttemptScheduledTimestampMs <= info.scheduledTimestampMs,
    lastFailure: async () => (await pendingSubmit(context))?.lastFailure ?? null,
    isCancelled: () => isCancelled() || context.cancellationSignal.aborted,
    scheduledAt: info.scheduledTimestampMs,
    now,
    remainingMs: () => remainingMs(context, now()),
    elapsedMs: () => performance.now() - startedAt,
  };
}
