import { LENGTHS_NEEDED, quantile } from './job-times.ts';

/** How often the provider is asked, until it is known how long its jobs take. */
export interface PollPolicy {
  pollInitialMs: number;
  pollMaxMs: number;
  /** Between two polls of one job, at least: what the provider asks of everybody. Default: 0. */
  pollEveryMs?: number;
}

/**
 * Waits up to this long are spent inside the attempt: a server with default settings has a floor of 1 s under every
 * retry delay, so a shorter one would become a longer one.
 */
export const WAIT_IN_ATTEMPT_MS = 1000;

/** An attempt that spends its waits inside ends well before its start-to-close timeout of 10 minutes. */
export const LONGEST_ATTEMPT_MS = 5 * 60_000;

/** After a submit the provider may not know its own id for so long. */
export const NOT_FOUND_GRACE_MS = 30_000;

/** After the word "completed" the result may take so long. */
export const RESULT_GRACE_MS = 30_000;

const GROWTH = 1.5;

/**
 * The share of jobs that a learned poll finds finished: the first of all jobs, each later one of those that still ran at
 * the one before, so that the second poll goes out at the 90th percentile. That makes 1 + 0.4 / 0.75 = 1.53 polls per
 * request, however the lengths are spread. Earlier polls cost calls, later ones time until a finished job is seen.
 */
const FOUND_BY_FIRST = 0.6;
const FOUND_BY_NEXT = 0.75;

/** Jobs that all take about the same time are found by one poll, not missed by a hair. */
const MARGIN = 1.05;

/** A learned poll leaves at least this share of the time passed between itself and the poll before. */
const LEAST_GAP = 0.1;

/** A callback takes its way, and ours, however short the job: a poll does not race it. */
const CALLBACK_GRACE_MS = 5_000;

/** A job that is still running after so many times the longest known one is none that we know. */
const UNHEARD_OF = 2;

/**
 * Milliseconds to the next poll after `polls` answered ones: EXTERNAL_API_POLL_INITIAL growing by half each time, up to
 * EXTERNAL_API_POLL_MAX. A quarter of it is jitter, except for the first, which nobody else times. The provider's own
 * word (`hintMs`) wins. Where it calls when it is done, polls are EXTERNAL_API_POLL_MAX apart from the first one on, or as
 * long as its word says if that is longer.
 */
export function pollDelay(
  polls: number,
  policy: PollPolicy,
  { hintMs, random, callbackExpected = false }: { hintMs: number | null; random: number; callbackExpected?: boolean },
): number {
  const jitter = 0.75 + 0.25 * random;
  if (callbackExpected) return Math.max(1, Math.round(policy.pollMaxMs * jitter), hintMs ?? 0);
  if (hintMs !== null) return Math.max(1, Math.round(hintMs));
  const delay = Math.min(policy.pollMaxMs, policy.pollInitialMs * GROWTH ** polls);
  return Math.max(1, Math.round(polls === 0 ? delay : delay * jitter));
}

export interface Learned {
  /** Lengths of the last jobs of this kind, in milliseconds, in any order. */
  lengths: readonly number[];
  /** Since the submit. */
  elapsedMs: number;
  /** The provider tells when it is done: the poll is only for a callback that is lost. */
  callbackExpected: boolean;
}

/**
 * Milliseconds to the next poll after `polls` answered ones, by what was learned of jobs of this kind; null when that is
 * too little. EXTERNAL_API_POLL_MAX bounds only waits for a job that runs far longer than any known one.
 */
export function learnedDelay(polls: number, learned: Learned, policy: PollPolicy, random: number): number | null {
  if (learned.lengths.length < LENGTHS_NEEDED) return null;
  const delay = polls === 0 ? untilFirst(learned) : untilNext(learned, policy.pollMaxMs, random);
  return Math.max(1, Math.round(learned.callbackExpected ? delay + CALLBACK_GRACE_MS : delay));
}

function untilFirst({ lengths, elapsedMs, callbackExpected }: Learned): number {
  const due = callbackExpected ? Math.max(...lengths) * GROWTH : quantile(lengths, FOUND_BY_FIRST) * MARGIN;
  return due - elapsedMs;
}

function untilNext({ lengths, elapsedMs }: Learned, pollMaxMs: number, random: number): number {
  const longer = lengths.filter((length) => length * MARGIN > elapsedMs * (1 + LEAST_GAP));
  if (longer.length > 0) return quantile(longer, FOUND_BY_NEXT) * MARGIN - elapsedMs;
  const grown = elapsedMs * (GROWTH - 1) * (0.75 + 0.25 * random);
  return elapsedMs > Math.max(...lengths) * UNHEARD_OF ? Math.min(grown, pollMaxMs) : grown;
}
