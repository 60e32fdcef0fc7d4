import type { CallClass } from '../call-budget/rules.ts';
import type { FailureName } from '../contract/failures.ts';
import type { ErrorType, Operation, Outcome } from '../contract/values.ts';
import type { Method } from './transport.ts';

/** One HTTP call to the provider, whatever came of it. Nothing in it is secret. */
export interface CallRecord {
  /** The request it was made for; a token call carries the request that asked for the token first. */
  requestId: string | null;
  operation: Operation;
  callClass: CallClass;
  method: Method;
  /** The path as the profile has it: no value of a request is in it. */
  template: string;
  /** Null when no answer came. */
  statusCode: number | null;
  durationMs: number;
  /** Calls of the same kind that were made before this one for the same step, the replay after a 401 included. */
  retryCount: number;
  outcome: 'succeeded' | Outcome;
  /** Null when it succeeded, and when the caller gave up on it. */
  failure: FailureName | null;
  errorType: ErrorType | null;
  /** The provider's own status word, at most 64 characters; null: it said none. */
  word: string | null;
  /** Why it failed: what the provider says of it, or why no answer came; at most 200 characters. */
  reason: string | null;
}

/** Told of what the client does. Must not throw. */
export interface ProviderObserver {
  called(record: CallRecord): void;
  tokenRefreshed(generation: number): void;
}
