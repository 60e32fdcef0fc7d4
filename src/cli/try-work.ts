import { isCallError, type CallError } from '../contract/errors.ts';
import { wasAnswered, type FailureName } from '../contract/failures.ts';
import type { PollInput, Submission } from '../contract/activities.ts';
import { WORKFLOW_VERSION, type JsonValue } from '../contract/request.ts';
import type { CancelOutcome } from '../profile/cancel-outcome.ts';
import type { Step } from '../profile/sources.ts';
import { firstWait, NO_POLLS, pollOnce, type PollDeps } from '../polling/poll-job.ts';
import { pollDelay } from '../polling/poll-plan.ts';
import type { ProviderClient } from '../provider/provider-client.ts';
import { afterFailure, type PlannedFailure } from '../submit/after-failure.ts';
import { attempt, type AttemptDeps } from '../submit/attempt.ts';
import { foundIn } from '../submit/found-work.ts';
import type { IntentLog } from '../submit/intent-log.ts';
import { NO_CALLS, NOTHING_SUBMITTED } from '../submit/progress.ts';
import { checkResultSize } from '../submit/result-size.ts';
import { pause } from '../worker/time-limits.ts';

/** How a try ended. */
export type TryEnd =
  | { end: 'completed' }
  /** Nothing runs any more at the provider, because it was asked to stop. */
  | { end: 'cancelled' }
  | { end: 'failed'; during: Step; failure: FailureName | null; message: string }
  /** A submit may have been executed. `found`: what a lookup knows of it; null: there was none, or it was not listed. */
  | { end: 'unknown'; message: string; found: 'several' | 'none' | null }
  | { end: 'late' | 'interrupted'; during: Step };

export interface TryOptions {
  requestId: string;
  /** What to submit; or the work that is there. */
  work: { data: JsonValue } | { handle: string };
  cancel: boolean;
  timeoutMs: number;
}

export interface TryDeps {
  provider: Pick<ProviderClient, 'process' | 'status' | 'cancel' | 'find' | 'isDown' | 'listedAfterMs'>;
  policy: PollDeps['policy'] & AttemptDeps['policy'];
  jobTimes: PollDeps['jobTimes'];
  interrupt: AbortSignal;
  told: {
    /** A submit is about to leave. */
    sending(): void;
    /** The provider has the work. */
    taken(handle: string): void;
    cancelled(outcome: CancelOutcome): void;
    waiting(ms: number, why: string): void;
  };
}

/** So long work is looked for that no list has. */
const LOOK_FOR_MS = 60_000;

/** Ends a try from within. */
class Ended extends Error {
  readonly how: TryEnd;

  constructor(how: TryEnd) {
    super(how.end);
    this.how = how;
  }
}

/** One submit, in mode `none`, and polls until its end: with what a worker is made of, without Temporal. */
export async function tryWork(options: TryOptions, deps: TryDeps): Promise<TryEnd> {
  const { requestId, work, timeoutMs } = options;
  const { provider, policy, interrupt, told } = deps;
  const endsAt = Date.now() + timeoutMs;
  try {
    const submission = 'handle' in work ? null : await submitted(work.data);
    if (submission?.result) return { end: 'completed' };
    const handle = 'handle' in work ? work.handle : (submission?.providerRequestId ?? '');
    if (submission !== null) told.taken(handle);
    const isOver = options.cancel && (await cancelled(handle));
    return isOver ? { end: 'cancelled' } : await finished(handle, submission);
  } catch (error) {
    if (error instanceof Ended) return error.how;
    throw error;
  }

  async function submitted(data: JsonValue): Promise<Submission> {
    const progress = { ...NOTHING_SUBMITTED };
    const log: IntentLog = {
      hasRecorded: false,
      record: async () => {
        told.sending();
        return 'recorded';
      },
    };
    const began = { scheduledAt: Date.now(), at: performance.now() };
    for (let n = 0; ; n++) {
      const input = { version: WORKFLOW_VERSION, requestId, data, options: { async: true } };
      const ended = await attempt(
        { ...input, idempotency: 'none', priority: 'interactive' },
        progress,
        {
          hasRecord: n > 0,
          isFirst: n === 0,
          lastFailure: async () => null,
          isCancelled: () => interrupt.aborted,
          scheduledAt: began.scheduledAt,
          now: Date.now,
          remainingMs: () => Infinity,
          elapsedMs: () => performance.now() - began.at,
        },
        { provider, log, policy, random: Math.random },
      );
      if (ended.end === 'submitted') return ended.submission;
      if (ended.end !== 'failed') throw new Ended({ end: 'interrupted', during: 'submit' });
      const { failure } = ended;
      if (failure.type === 'OutcomeUnknown') return await lookedUp(failure);
      await planned(failure, 'submit');
    }
  }

  /** What became of a submit whose answer was lost, or had no handle. */
  async function lookedUp({ message, details }: PlannedFailure): Promise<Submission> {
    const after = provider.listedAfterMs;
    const unknown = (found: 'several' | 'none' | null): Ended => new Ended({ end: 'unknown', message, found });
    if (after === null || interrupt.aborted) throw unknown(null);
    const answered = wasAnswered(details);
    const lookForMs = Math.max(LOOK_FOR_MS, after === 'never' ? 0 : after + LOOK_FOR_MS);
    // Until now it may have been on its way.
    const sentBefore = Date.now();
    for (let looks = 1; ; looks++) {
      const listed = await repeated('lookup', () => provider.find(requestId, { requestId, signal: interrupt })).catch(
        (error: unknown) => {
          throw error instanceof Ended ? unknown(null) : error;
        },
      );
      const passedMs = Date.now() - sentBefore;
      const there = foundIn(listed, { listedAfterMs: after, passedMs, answered });
      if (there?.found === 'one')
        return { providerRequestId: there.providerRequestId, result: null, firstPollAfterMs: null };
      if (there !== null) throw unknown(there.found);
      const delayMs = pollDelay(looks, policy, { hintMs: null, random: Math.random() });
      if (passedMs > lookForMs || Date.now() + delayMs > endsAt || interrupt.aborted) throw unknown(null);
      await pause(delayMs, interrupt);
    }
  }

  /** Whether nothing runs any more. */
  async function cancelled(handle: string): Promise<boolean> {
    const outcome = await repeated('cancel', () => provider.cancel(handle, { requestId, signal: interrupt }));
    told.cancelled(outcome);
    return outcome === 'cancelled';
  }

  async function finished(handle: string, submission: Submission | null): Promise<TryEnd> {
    const input: PollInput = {
      requestId,
      providerRequestId: handle,
      firstPollAfterMs: submission?.firstPollAfterMs ?? null,
      lookAfterMs: submission === null || options.cancel ? 0 : null,
      submittedAt: submission === null ? null : Date.now(),
    };
    const progress = { ...NO_CALLS, ...NO_POLLS };
    const observer = { unknownStatus: () => {}, finishedSeen: () => {} };
    const polls: PollDeps = { ...deps, observer, random: Math.random, now: Date.now };
    const look = async () => {
      const polled = await pollOnce(input, progress, polls, { signal: interrupt });
      if ('finished' in polled) checkResultSize(polled.finished.result, requestId, handle);
      return polled;
    };
    await wait(await firstWait(input, polls), 'the first poll is due then', 'poll');
    for (;;) {
      const polled = await repeated('poll', look, progress);
      if ('finished' in polled) return { end: 'completed' };
      await wait(polled.waitMs, polled.why, 'poll');
    }
  }

  /** A call that may be made again, until it is answered or its tries are used up. */
  async function repeated<T>(during: Step, call: () => Promise<T>, progress = { ...NO_CALLS }): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (interrupt.aborted) throw new Ended({ end: 'interrupted', during });
        if (!isCallError(error)) throw error;
        await planned(planOf(error, progress), during);
      }
    }
  }

  function planOf(error: CallError, progress: typeof NO_CALLS): PlannedFailure {
    const facts = { policy, repeatable: true, outage: provider.isDown, random: Math.random() };
    return afterFailure(error, progress, { ...facts, remainingMs: Infinity, isLook: true });
  }

  /** Until the next attempt. */
  async function planned(failure: PlannedFailure, during: Step): Promise<void> {
    const { delayMs, details, message } = failure;
    if (delayMs === null) throw new Ended({ end: 'failed', during, failure: details.failure, message });
    await wait(delayMs, message, during);
  }

  async function wait(ms: number, why: string, during: Step): Promise<void> {
    if (interrupt.aborted) throw new Ended({ end: 'interrupted', during });
    if (Date.now() + ms > endsAt) throw new Ended({ end: 'late', during });
    told.waiting(ms, why);
    await pause(ms, interrupt);
    if (interrupt.aborted) throw new Ended({ end: 'interrupted', during });
  }
}
