import type { JsonValue } from '../contract/request.ts';
import type { Priority } from '../contract/values.ts';
import type { CancelOutcome } from '../profile/cancel-outcome.ts';
import type { CallContext } from './call.ts';
import type { Listed, ProcessReply, StatusReply } from './reply-meaning.ts';
import type { PoolState } from './transport.ts';

export interface ProcessCall {
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  idempotencyKey: string;
}

export interface ProcessContext extends CallContext {
  /** Awaited right before each `POST /process`, when the token is there; when it throws, nothing is sent. */
  beforeSend?: () => Promise<void>;
  /** Default: interactive. */
  priority?: Priority | undefined;
  /**
   * Whether an earlier submit with this key may have arrived: "a request with this key is in progress" is then no refusal of
   * this one, and "this key was used" is a word on that one.
   */
  repeated?: boolean | undefined;
}

/**
 * A provider, as the activities use it: `providerClientCases` of `durable-external-api/testing` has its rules as tests. Each
 * method makes its call once, except that a 401 gets one fresh token and one replay, and that a result may be one more GET. All
 * failures are `ExternalAPIError`s of the failure table (`callError`); an aborted signal rejects with its reason.
 */
export interface ProviderClient {
  /**
   * Makes sure that there is a token, unless none is needed, or it would have to wait for the call: null while the budget, a
   * cool-down, an outage or the sockets let none out. The call that needs the token then gets it.
   */
  authenticate(context: CallContext): Promise<{ generation: number; expiresAt: Date } | null>;
  /** `outcome` of its errors speaks of the submit alone: no failure of a token call makes it `ambiguous`. */
  process(call: ProcessCall, context: ProcessContext): Promise<ProcessReply>;
  status(providerRequestId: string, context: CallContext): Promise<StatusReply>;
  /** `not_supported` also where the profile has no such call. */
  cancel(providerRequestId: string, context: CallContext): Promise<CancelOutcome>;
  /** What the provider has under our reference. Only where the profile has a lookup. */
  find(reference: string, context: CallContext): Promise<Listed>;
  /** After so many milliseconds work that is not listed never arrived; `never`: nothing proves that; null: no lookup. */
  readonly listedAfterMs: number | 'never' | null;
  /** `waiting`: calls that wait for a socket. */
  readonly pool: PoolState & { waiting: number };
  /** Whether the calls of the whole fleet fail, as of the latest one here. */
  readonly isDown: boolean;
  /** Ends all connections. Calls still under way fail. */
  close(): Promise<void>;
}
