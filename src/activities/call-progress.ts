import type { Submission } from '../contract/activities.ts';

/**
 * What one attempt of an activity leaves for the next, in its heartbeat details. Temporal counts attempts; only this
 * tells failures from waiting.
 */
export interface CallProgress {
  /** Calls made so far, for `retry_count`. */
  calls: number;
  /** Failures of the provider since it last answered well; EXTERNAL_API_MAX_RETRIES bounds them. */
  failures: number;
  /** How often the provider asked us to wait without saying until when; grows that backoff. */
  waits: number;
  /** `process`: the call is about to leave or has left, and no outcome is recorded. */
  sending: boolean;
  /** `pollStatus`: polls that were answered. */
  polls: number;
  /** `pollStatus`: the wait before the first poll is over. */
  started: boolean;
  /** `pollStatus`: the unknown status word that was warned of. */
  warnedOf: string | null;
  providerRequestId: string | null;
  /** `process`: the answer, once it was read. */
  submission: Submission | null;
}

const NONE: CallProgress = {
  calls: 0,
  failures: 0,
  waits: 0,
  sending: false,
  polls: 0,
  started: false,
  warnedOf: null,
  providerRequestId: null,
  submission: null,
};

/** The progress that the attempt before this one left; a fresh one when there was none. */
export function progressFrom(heartbeatDetails: unknown): CallProgress {
  return typeof heartbeatDetails === 'object' && heartbeatDetails !== null
    ? { ...NONE, ...heartbeatDetails }
    : { ...NONE };
}
