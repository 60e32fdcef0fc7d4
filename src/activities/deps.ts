import type { ProviderClient } from '../provider/provider-client.ts';
import type { FallbackDeps } from './fall-back.ts';
import type { JobTimes } from './job-times.ts';
import type { CallPolicy } from './retry-plan.ts';

export interface ActivityObserver {
  /** The provider used a status word that we do not know; `first` when this request did not meet it before. */
  unknownStatus(status: string, requestId: string, first: boolean): void;
  /** A poll found the work completed. */
  finishedSeen(finished: FinishedSeen): void;
}

export interface FinishedSeen {
  requestId: string;
  kind: string;
  /** Polls that were answered, this one included; a callback starts the count anew. */
  polls: number;
  /**
   * From the provider's `completed_at` to our seeing it, by two clocks: what they differ is in it, and it is never less
   * than 0. Null when the provider did not say.
   */
  lagMs: number | null;
  /** How long jobs of the kind usually take, this one included; null while too few are known. */
  usualLengthMs: number | null;
}

export interface ActivityDeps extends FallbackDeps {
  provider: Pick<ProviderClient, 'authenticate' | 'process' | 'status' | 'cancel' | 'isDown'>;
  policy: CallPolicy;
  observer: ActivityObserver;
  /** How long jobs take, which times the polls. */
  jobTimes: JobTimes;
  /** Uniform in [0, 1): the jitter. */
  random: () => number;
  /** Milliseconds since the epoch. */
  now: () => number;
}
