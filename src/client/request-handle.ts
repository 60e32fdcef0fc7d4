import type { JsonValue, RequestSnapshot, RequestState } from '../contract/request.ts';
import type { ResultOptions, UpdatesOptions } from './client-options.ts';
import type { ExternalApiClient } from './external-api-client.ts';
import type { CompletedRequest } from './finished-request.ts';
import type { ResolveOptions } from './resolve-request.ts';
import type { RetryOptions } from './retry-request.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { Why } from './why.ts';

/** One request: each method is the client's of that name. It holds nothing, so that it needs no closing. */
export interface RequestHandle<Result = JsonValue> {
  readonly requestId: string;
  status(): Promise<RequestSnapshot>;
  why(): Promise<Why>;
  updates(options?: UpdatesOptions): AsyncIterableIterator<RequestSnapshot>;
  /** Checked by the `schema` of `process`, or else by one of its own. */
  result<Data = Result>(options?: ResultOptions<Data>): Promise<CompletedRequest<Data>>;
  cancel(reason?: string): Promise<void>;
  resolve(decision: ResolveOptions): Promise<RequestState>;
  retry(options?: RetryOptions): Promise<RetryHandle>;
}

/** A request that repeats another. */
export interface RetryHandle<Result = JsonValue> extends RequestHandle<Result> {
  readonly retryOf: string;
  /** False: it was there before, from an earlier retry. */
  readonly started: boolean;
  /** The provider's id of the work, which it had already; null: the work was submitted again. */
  readonly adopted: string | null;
}

export function handleOf<Result>(
  client: ExternalApiClient,
  requestId: string,
  schema?: StandardSchema<Result>,
): RequestHandle<Result> {
  return {
    requestId,
    status: () => client.status(requestId),
    why: () => client.why(requestId),
    updates: (options) => client.updates(requestId, options),
    // Another `schema` of the options goes first, and has another type.
    result: <Data>(options: ResultOptions<Data> = {}) =>
      client.result(requestId, schema ? ({ schema, ...options } as ResultOptions<Data>) : options),
    cancel: (reason) => client.cancel(requestId, reason),
    resolve: (decision) => client.resolve(requestId, decision),
    retry: (options) => client.retry(requestId, options),
  };
}
