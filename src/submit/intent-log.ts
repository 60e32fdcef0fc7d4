/**
 * What became of a record:
 * - `recorded`: the next attempt finds it;
 * - `cancelled`: the request is being cancelled;
 * - `not_ours`: the attempt's time is up, and another one has the task or will have it;
 * - `unknown`: the server did not say.
 */
export type Recorded = 'recorded' | 'cancelled' | 'not_ours' | 'unknown';

/** Where an attempt records, durably, its progress as it is then: that it is about to send. */
export interface IntentLog {
  /** Whether the server may have a record of this attempt, even one that nobody asked for. */
  readonly hasRecorded: boolean;
  /** Durable on return, and then not older than half the heartbeat timeout: a process that was frozen asks again. */
  record(): Promise<Recorded>;
}
