import type { CallProgress, PollInput, PollProgress, PollResult } from '../contract/activities.ts';
import { callError, ExternalAPIError, type CallError } from '../contract/errors.ts';
import type { CallContext } from '../provider/call.ts';
import type { ProviderClient, StatusReply } from '../provider/provider-client.ts';
import { DEFAULT_KIND, jobLengthMs, usualLengthMs, type JobTimes } from './job-times.ts';
import { learnedDelay, NOT_FOUND_GRACE_MS, pollDelay, RESULT_GRACE_MS, type PollPolicy } from './poll-plan.ts';

export const NO_POLLS: Omit<PollProgress, keyof CallProgress> = {
  polls: 0,
  started: false,
  status: null,
  warnedOf: null,
  known: false,
  completedSince: null,
};

/** Told of what polls find. Must not throw. */
export interface PollObserver {
  /** The provider used a status word that we do not know; `first` when this request did not meet it before. */
  unknownStatus(status: string, requestId: string, first: boolean): void;
  /** A poll found the work completed. */
  finishedSeen(finished: FinishedSeen): void;
}

export interface FinishedSeen {
  requestId: string;
  kind: string;
  /** Polls that were answered, this one included; a look that a callback asked for is counted by itself. */
  polls: number;
  /**
   * From the provider's `completed_at` to our seeing it, by two clocks: what they differ is in it, and it is never less
   * than 0. Null when the provider did not say.
   */
  lagMs: number | null;
  /** How long jobs of the kind usually take, this one included; null while too few are known. */
  usualLengthMs: number | null;
}

export interface PollDeps {
  provider: Pick<ProviderClient, 'status'>;
  policy: PollPolicy;
  observer: PollObserver;
  /** How long jobs take, which times the polls. */
  jobTimes: JobTimes;
  /** Uniform in [0, 1): the jitter. */
  random: () => number;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Milliseconds to the first poll. */
export async function firstWait(input: PollInput, deps: PollDeps): Promise<number> {
  return input.lookAfterMs ?? (await plannedWait(input, 0, input.firstPollAfterMs, deps));
}

/** The finished work, or why and how long to wait for it. */
export type Polled = { finished: PollResult } | { waitMs: number; why: string };

/**
 * One look at the work.
 * @throws ExternalAPIError when the work failed, and as the provider's client does
 */
export async function pollOnce(
  input: PollInput,
  progress: PollProgress,
  deps: PollDeps,
  call: Pick<CallContext, 'signal' | 'count'>,
): Promise<Polled> {
  const reply = await look(input, progress, deps, call);
  if (reply?.phase === 'completed' && reply.result) {
    noteFinished(reply, input, progress.polls, deps);
    return { finished: { result: reply.result, createdAt: reply.createdAt, completedAt: reply.completedAt } };
  }
  if (reply?.phase === 'completed') return { waitMs: untilResult(reply, progress, deps), why: NO_RESULT_YET };
  progress.completedSince = null;
  const waitMs = await plannedWait(input, progress.polls, reply?.retryAfterMs ?? null, deps);
  return { waitMs, why: whyWaiting(reply, progress.polls) };
}

/** Null when the provider does not know the id yet. */
async function look(
  { requestId, providerRequestId, submittedAt }: PollInput,
  progress: PollProgress,
  { provider, observer, now }: PollDeps,
  call: Pick<CallContext, 'signal' | 'count'>,
): Promise<StatusReply | null> {
  let reply: StatusReply | null;
  try {
    reply = await provider.status(providerRequestId, { requestId, ...call });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    // An id that a person named belongs to work that is not new.
    const isNew = submittedAt !== null && now() - submittedAt < NOT_FOUND_GRACE_MS;
    if (!isNew) throw progress.known ? noLongerFound(error) : error;
    reply = null;
  }
  if (reply?.phase === 'failed') throw reportedFailure(reply);
  progress.polls += 1;
  if (reply === null) return null;
  Object.assign(progress, { failures: 0, waits: 0, last: null, known: true, status: reply.status });
  if (reply.phase === 'unknown') {
    observer.unknownStatus(reply.status, requestId, progress.warnedOf !== reply.status);
    progress.warnedOf = reply.status;
  }
  return reply;
}

/** By the provider's own word, by what was learned of its jobs, or by the plan. */
async function plannedWait(input: PollInput, polls: number, hintMs: number | null, deps: PollDeps): Promise<number> {
  const waitMs = await wantedWait(input, polls, hintMs, deps);
  return polls === 0 ? waitMs : Math.max(waitMs, deps.policy.pollEveryMs ?? 0);
}

async function wantedWait(
  input: PollInput,
  polls: number,
  hintMs: number | null,
  { jobTimes, policy, random, now }: PollDeps,
): Promise<number> {
  const { submittedAt, callbackExpected = false } = input;
  if ((hintMs === null || callbackExpected) && submittedAt !== null) {
    const lengths = await jobTimes.lengths(kindOf(input));
    // By two clocks: what they differ only moves the poll.
    const elapsedMs = Math.max(0, now() - submittedAt);
    const learned = learnedDelay(polls, { lengths, elapsedMs, callbackExpected }, policy, random());
    if (learned !== null) return Math.max(learned, hintMs ?? 0);
  }
  return pollDelay(polls, policy, { hintMs, random: random(), callbackExpected });
}

function noteFinished(reply: StatusReply, input: PollInput, polls: number, deps: PollDeps): void {
  const kind = kindOf(input);
  const lengthMs = jobLengthMs(reply);
  const known = lengthMs === null ? [] : deps.jobTimes.learn(kind, lengthMs);
  const lagMs = reply.completedAt === null ? null : Math.max(0, deps.now() - Date.parse(reply.completedAt));
  deps.observer.finishedSeen({
    requestId: input.requestId,
    kind,
    polls,
    lagMs,
    usualLengthMs: usualLengthMs(known),
  });
}

function kindOf({ kind }: PollInput): string {
  return kind ?? DEFAULT_KIND;
}

function whyWaiting(reply: StatusReply | null, polls: number): string {
  return reply
    ? `The provider works on it (status ${JSON.stringify(reply.status)}, poll ${polls})`
    : `The provider does not know the id yet (poll ${polls})`;
}

const NO_RESULT_YET = 'The provider reports the work as completed; its result is not there yet';

/** Milliseconds to the next look for the result of completed work; the last one is at the end of the time it has. */
function untilResult(reply: StatusReply, progress: PollProgress, { policy, now }: PollDeps): number {
  const { providerRequestId, retryAfterMs } = reply;
  progress.completedSince ??= now();
  const leftMs = progress.completedSince + RESULT_GRACE_MS - now();
  if (leftMs <= 0) {
    const message = 'The provider reported the request as completed, without a usable result';
    throw callError('noResult', message, { providerRequestId });
  }
  const wantedMs = retryAfterMs ?? Math.min(policy.pollInitialMs, policy.pollMaxMs);
  return Math.min(leftMs, Math.max(wantedMs, policy.pollEveryMs ?? 0));
}

/** A provider whose servers do not agree yet, or lost it. */
function noLongerFound({ message, statusCode, requestId, providerRequestId, retryAfter }: ExternalAPIError): CallError {
  const seen = { statusCode, requestId, providerRequestId, retryAfter };
  return callError('noLongerFound', `${message} (the provider knew the id before)`, seen);
}

/** A 404 about the id itself: one from the token endpoint carries no id, and a link to the result may be over. */
function isNotFound(error: unknown): error is ExternalAPIError {
  if (!(error instanceof ExternalAPIError) || error.failure === 'linkExpired') return false;
  return error.statusCode === 404 && error.providerRequestId !== null;
}

function reportedFailure({ status, error, providerRequestId }: StatusReply): ExternalAPIError {
  const message = `The provider reports the work as ${status}${error ? `: ${error}` : ''}`;
  return callError('reportedFailure', message, { providerRequestId });
}
