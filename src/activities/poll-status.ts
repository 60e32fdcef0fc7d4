import { Context } from '@temporalio/activity';
import type { PollInput, PollResult } from '../contract/activities.ts';
import { createExternalAPIError, ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import type { StatusReply } from '../provider/provider-client.ts';
import { progressFrom, type CallProgress } from './call-progress.ts';
import { failureAfter } from './failed-call.ts';
import type { ActivityDeps } from './deps.ts';
import { keepAlive } from './keep-alive.ts';
import { DEFAULT_KIND, jobLengthMs, usualLengthMs } from './job-times.ts';
import { learnedDelay, LONGEST_ATTEMPT_MS, NOT_FOUND_GRACE_MS, pollDelay, WAIT_IN_ATTEMPT_MS } from './poll-plan.ts';
import { checkResultSize } from './result-size.ts';
import { stillProcessing } from './to-application-failure.ts';

/**
 * Asks until the work is finished. Short waits are spent here; before a longer one the attempt ends as
 * `StillProcessing`, and Temporal starts the next one then: polls add no history and hold no slot.
 */
export function createPollStatus(deps: ActivityDeps) {
  return async function pollStatus(input: PollInput): Promise<PollResult> {
    const context = Context.current();
    const progress = progressFrom(context.info.heartbeatDetails);
    progress.providerRequestId = input.providerRequestId;
    const stop = keepAlive(context, () => progress);
    const attemptEndsAt = deps.now() + LONGEST_ATTEMPT_MS;

    async function wait(hintMs: number | null, why: string): Promise<void> {
      const learned = hintMs === null ? await learnedWait(input, context, progress.polls) : null;
      const delayMs = learned ?? pollDelay(progress.polls, deps.policy, { hintMs, random: deps.random() });
      context.heartbeat(progress);
      if (delayMs > WAIT_IN_ATTEMPT_MS || deps.now() > attemptEndsAt) throw stillProcessing(why, delayMs);
      await context.sleep(delayMs);
    }

    try {
      if (!progress.started) {
        progress.started = true;
        if (!input.immediately) await wait(input.firstPollAfterMs, 'Submitted; the first poll is due');
      }
      for (;;) {
        const reply = await poll(input, context, progress);
        if (reply?.phase === 'completed' && reply.result) {
          noteFinished(reply, input, progress.polls);
          return { result: reply.result, createdAt: reply.createdAt, completedAt: reply.completedAt };
        }
        await wait(reply?.retryAfterMs ?? null, whyWaiting(reply, progress.polls));
      }
    } finally {
      stop();
    }
  };

  /**
   * Null when nothing was learned, and after a callback: when the work was submitted is then not known here, and it is
   * about to finish. Else this activity was scheduled when the submit had just been answered.
   */
  async function learnedWait(input: PollInput, { info }: Context, polls: number): Promise<number | null> {
    if (input.immediately) return null;
    const lengths = await deps.jobTimes.lengths(kindOf(input));
    // By two clocks: what they differ only moves the poll.
    const elapsedMs = Math.max(0, deps.now() - info.scheduledTimestampMs);
    const remainingMs = info.scheduleToCloseTimeoutMs - elapsedMs;
    const { callbackExpected = false } = input;
    return learnedDelay(polls, { lengths, elapsedMs, remainingMs, callbackExpected }, deps.policy, deps.random());
  }

  function noteFinished(reply: StatusReply, input: PollInput, polls: number): void {
    const { requestId } = input;
    const kind = kindOf(input);
    const lengthMs = jobLengthMs(reply);
    const known = lengthMs === null ? [] : deps.jobTimes.learn(kind, lengthMs);
    const lagMs = reply.completedAt === null ? null : Math.max(0, deps.now() - Date.parse(reply.completedAt));
    deps.observer.finishedSeen({ requestId, kind, polls, lagMs, usualLengthMs: usualLengthMs(known) });
  }

  /** One GET. Null when the provider does not know the id yet. */
  async function poll(
    { requestId, providerRequestId }: PollInput,
    context: Context,
    progress: CallProgress,
  ): Promise<StatusReply | null> {
    try {
      const reply = await deps.provider.status(providerRequestId, {
        requestId,
        retryCount: progress.calls,
        signal: context.cancellationSignal,
      });
      if (reply.phase === 'failed') throw reportedFailure(reply);
      checkResultSize(reply.result, requestId, providerRequestId);
      Object.assign(progress, { calls: progress.calls + 1, polls: progress.polls + 1, failures: 0, waits: 0 });
      if (reply.phase === 'unknown') noteUnknownStatus(reply.status, progress, requestId);
      return reply;
    } catch (error) {
      if (isNotFound(error) && deps.now() - context.info.scheduledTimestampMs < NOT_FOUND_GRACE_MS) {
        progress.calls += 1;
        progress.polls += 1;
        return null;
      }
      const failure = failureAfter(error, progress, deps, true);
      // Details that a failure follows travel with it.
      context.heartbeat(progress);
      throw failure;
    }
  }

  function noteUnknownStatus(status: string, progress: CallProgress, requestId: string): void {
    deps.observer.unknownStatus(status, requestId, progress.warnedOf !== status);
    progress.warnedOf = status;
  }
}

function kindOf({ kind }: PollInput): string {
  return kind ?? DEFAULT_KIND;
}

function whyWaiting(reply: StatusReply | null, polls: number): string {
  return reply
    ? `The provider works on it (status ${JSON.stringify(reply.status)}, poll ${polls})`
    : `The provider does not know the id yet (poll ${polls})`;
}

/** A 404 about the id itself: one from the token endpoint carries no id. */
function isNotFound(error: unknown): boolean {
  return error instanceof ExternalAPIError && error.statusCode === 404 && error.providerRequestId !== null;
}

function reportedFailure(reply: StatusReply): ExternalAPIError {
  const { type, outcome } = FAILURES.reportedFailure;
  return createExternalAPIError(
    type,
    `The provider reports the work as ${reply.status}${reply.error ? `: ${reply.error}` : ''}`,
    { failure: 'reportedFailure', outcome, providerRequestId: reply.providerRequestId },
  );
}
