import type { InvalidateOptions } from '../client/invalidate-answers.ts';
import type { ResolveOptions } from '../client/resolve-request.ts';
import type { CacheUse, ProcessInput, RequestSnapshot, RequestState } from '../contract/request.ts';

/** What the gateway needs of `ExternalApiClient`, whose errors it translates. */
export interface GatewayClient {
  process(
    input: ProcessInput,
    options: { tenant: string; cache: CacheUse; idempotencyKey?: string },
  ): Promise<StartedRequest>;
  status(requestId: string): Promise<RequestSnapshot>;
  /** The state at the moment of the decision. */
  resolve(requestId: string, decision: ResolveOptions): Promise<RequestState>;
  invalidate(options: InvalidateOptions): Promise<void>;
  /** Rejects when the Temporal server does not answer. */
  ping(): Promise<void>;
}

export interface StartedRequest {
  readonly requestId: string;
  /** Waits up to `timeout` ms. An aborted `signal` ends the wait, never the request. */
  result(options: { timeout: number; signal: AbortSignal }): Promise<RequestState>;
}
