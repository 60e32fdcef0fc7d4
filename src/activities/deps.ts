import type { ProviderClient } from '../provider/provider-client.ts';
import type { FallbackDeps } from '../answers/fallback.ts';
import type { CallbackLinks } from '../callbacks/callback-links.ts';
import type { PollDeps } from '../polling/poll-job.ts';
import type { PollPolicy } from '../polling/poll-plan.ts';
import type { RetryPolicy } from '../submit/retry-plan.ts';
import type { Idempotency } from '../contract/values.ts';

/** How this worker calls the provider. Delays in milliseconds. */
export interface CallPolicy extends RetryPolicy, PollPolicy {
  /** What an ambiguous `process` does: see EXTERNAL_API_IDEMPOTENCY in docs/configuration.md. */
  idempotency: Idempotency;
  /** For how long the provider knows a key. Absent: as long as a request lives. */
  keyMs?: number | undefined;
  /** Whether the provider has `DELETE /status/{request_id}`. */
  cancelCall: boolean;
}

export interface ActivityDeps extends FallbackDeps, Omit<PollDeps, 'provider' | 'policy'> {
  provider: Pick<
    ProviderClient,
    'authenticate' | 'process' | 'status' | 'cancel' | 'find' | 'listedAfterMs' | 'isDown'
  >;
  policy: CallPolicy;
  /** What the provider calls when it is done. */
  links: CallbackLinks;
}
