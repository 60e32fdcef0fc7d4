import type { CallProgress, SubmitProgress } from '../contract/activities.ts';
import type { Operation } from '../contract/values.ts';

export const NO_CALLS: CallProgress = {
  calls: 0,
  tokenCalls: 0,
  failures: 0,
  waits: 0,
  last: null,
  untilDeadline: false,
  ended: false,
};

export const NOTHING_SUBMITTED: SubmitProgress = { ...NO_CALLS, sending: false, mayHaveRun: false, firstSentAt: null };

/** Counts the calls of a step in what its next attempt will find, and says how many of a kind there were before. */
export function counting(progress: CallProgress): (operation: Operation) => number {
  return (operation) => (operation === 'token' ? progress.tokenCalls++ : progress.calls++);
}

/** The record that the attempt before this one left; null when there is none. */
export function recordedProgress<Progress extends CallProgress>(
  heartbeatDetails: unknown,
  none: Progress,
): Progress | null {
  return typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? { ...none, ...heartbeatDetails } : null;
}

/** How an attempt ended, as the server tells it. */
export interface EarlierFailure {
  kind: 'application' | 'timeout' | 'other';
  details: { outcome?: unknown } | null;
}

/** What is known of a submit before an attempt, or before its cancellation. */
export interface Earlier {
  record: SubmitProgress | null;
  /** No attempt has had it before. An operator's reset sets the server's count back, not this. */
  isFirst: boolean;
  /** How the attempt before ended; null when the server does not know: there was none, or somebody reset it. */
  lastFailure: EarlierFailure | null;
}

/**
 * Whether it is certain that nothing of a submit was executed. An attempt that died and left no record has not sent where
 * every intent is recorded (mode `none`); elsewhere the first attempt records none, and may have. One that is not the
 * first, without a record and without a failure before it, was reset by somebody, and both may be erased.
 */
export function isUnsent({ record, isFirst, lastFailure }: Earlier, intentIsRecorded: boolean): boolean {
  if (record?.sending || record?.mayHaveRun) return false;
  if (record?.ended) return didNothing(record.last?.details.outcome);
  if (isFirst) return true;
  if (lastFailure === null) return false;
  if (lastFailure.kind === 'timeout') return intentIsRecorded || record !== null;
  return didNothing(lastFailure.details?.outcome);
}

function didNothing(outcome: unknown): boolean {
  return outcome === 'never-sent' || outcome === 'refused';
}
