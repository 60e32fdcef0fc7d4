import type { SubmitProgress } from '../contract/activities.ts';

/**
 * What became of a record:
 * - `recorded`: the next attempt finds it;
 * - `cancelled`: the request is being cancelled;
 * - `not_ours`: the attempt's time is up, and another one has the task or will have it;
 * - `unknown`: the server did not say.
 */
export type Recorded = 'recorded' | 'cancelled' | 'not_ours' | 'unknown';

/** Where an attempt records, durably, that it is about to send. */
export interface IntentLog {
  /** Durable on return, and then not older than half the heartbeat timeout: a process that was frozen asks again. */
  record(progress: SubmitProgress): Promise<Recorded>;
}
