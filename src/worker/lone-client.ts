import { createCallBudget } from '../call-budget/create-call-budget.ts';
import type { Profile } from '../profile/schema.ts';
import type { Credentials } from '../provider/authorization.ts';
import { createProviderClient as createClient } from '../provider/provider-client.ts';
import type { ProviderClient } from '../provider/provider.ts';
import type { SignRequest } from '../provider/signature.ts';
import { longestTimes } from './longest-times.ts';

export interface LoneClientOptions {
  /** `loadProfile('…')`. */
  profile: Profile;
  /** Default: the profile's own. */
  baseUrl?: string | URL;
  /** Values, by the names that the profile has for them. Default: none. */
  credentials?: Credentials;
  sign?: SignRequest;
  /** One call, from its first byte to the end of the answer. Default 30 s. */
  timeoutMs?: number;
  /** Default 5 s. */
  connectTimeoutMs?: number;
}

const MAX_CONNECTIONS = 64;
const UNLIMITED = { calls: 1_000_000, seconds: 60 };

/**
 * The client of a provider without a worker: to try a profile or a hook, and for tests. It keeps the profile's `limit`, in this
 * process alone, and writes no log. A worker makes its own: `composeWorker({ config, sign })`.
 *
 * @throws TypeError when there is no base URL, or a credential is missing or cannot be sent in a header
 */
export function createProviderClient(options: LoneClientOptions): ProviderClient {
  const { profile, baseUrl = profile.baseUrl, credentials = {}, sign } = options;
  if (baseUrl === undefined) throw new TypeError(`baseUrl is required: the profile ${profile.name} has none`);
  const timeouts = { timeoutMs: options.timeoutMs ?? 30_000, connectTimeoutMs: options.connectTimeoutMs ?? 5_000 };
  const { calls, seconds } = profile.limit ?? UNLIMITED;
  const { callMs, heldMs } = longestTimes(timeouts);
  return createClient({
    profile,
    baseUrl: new URL(baseUrl),
    credentials,
    sign,
    ...timeouts,
    maxConnections: MAX_CONNECTIONS,
    budget: createCallBudget({
      limit: calls,
      windowMs: seconds * 1000,
      longestCallMs: callMs,
      longestHeldMs: heldMs,
      outageAfter: 0,
      probeMs: 5_000,
      backoffMs: 1_000,
    }),
    observer: { called() {}, tokenRefreshed() {} },
  });
}
