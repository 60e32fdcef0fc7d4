import type { ProviderClient } from '../provider/provider-client.ts';
import type { CallPolicy } from './retry-plan.ts';

export interface ActivityObserver {
  /** The provider used a status word that we do not know; `first` when this request did not meet it before. */
  unknownStatus(status: string, requestId: string, first: boolean): void;
}

export interface ActivityDeps {
  provider: Pick<ProviderClient, 'authenticate' | 'process' | 'status' | 'cancel'>;
  policy: CallPolicy;
  observer: ActivityObserver;
  /** Uniform in [0, 1): the jitter. */
  random: () => number;
  /** Milliseconds since the epoch. */
  now: () => number;
}
