import type { CacheUse, Idempotency, JsonValue, Priority, ProcessResult, RequestError } from './request.ts';

/** The activities of a request. Their input and results are history: no token and no secret ever enters them. */
export interface ExternalApiActivities {
  authenticate(input: AuthenticateInput): Promise<Authentication>;
  process(input: SubmitInput): Promise<Submission>;
  pollStatus(input: PollInput): Promise<PollResult>;
  cancelSubmitted(input: CancelInput): Promise<CancelResult>;
}

/** Activities that make no call to the provider. Absent from older workers. */
export interface AnswerActivities {
  /** What stands in for the result of a request that failed; null: nothing. */
  fallBack(input: FallBackInput): Promise<FallBackResult | null>;
  invalidateAnswers(input: InvalidateInput): Promise<void>;
}

export interface AuthenticateInput {
  requestId: string;
  /** As in ProcessRequestArgs. */
  idempotency?: Idempotency | null;
  /** An earlier answer will do instead. Absent: it will not, and the new one is not kept. */
  cache?: CacheQuestion;
}

/** Which answer is meant: the tenant's, to the data and options that have this key. */
export interface AnswerKey {
  tenant: string;
  key: string;
}

export interface CacheQuestion extends AnswerKey {
  use: Exclude<CacheUse, 'off'>;
}

/** An answer of the provider, and when it was stored. ISO 8601. */
export interface StoredAnswer {
  result: ProcessResult;
  storedAt: string;
}

/** Proof that a token exists in this worker, without the token; or an earlier answer, for which none was needed. */
export interface Authentication {
  /** Null with `cached`. */
  tokenGeneration: number | null;
  /** ISO 8601; null with `cached`. */
  expiresAt: string | null;
  /** Whether this worker would send an ambiguous submit again. Absent in older histories. */
  resends?: boolean;
  cached?: StoredAnswer;
  /** Where the answer is to be kept. Absent: nowhere. */
  answerSlot?: string;
  /** Whether the worker has a fallback. Absent where it has none. */
  fallback?: true;
}

export interface SubmitInput {
  requestId: string;
  data: JsonValue;
  options: { async: boolean; callbackUrl: string | null };
  /** As in ProcessRequestArgs. */
  idempotency?: Idempotency | null;
  priority?: Priority;
  /** As in Authentication. */
  answerSlot?: string;
}

/** The provider took the work: with a result at once, or with an id to ask for it. */
export interface Submission {
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Milliseconds to the first poll, when the provider's Retry-After said so. */
  firstPollAfterMs: number | null;
}

export interface PollInput {
  requestId: string;
  providerRequestId: string;
  firstPollAfterMs: number | null;
  /** True after a callback: ask at once. */
  immediately: boolean;
  /** The provider was given a callback URL. */
  callbackExpected?: boolean;
  /** As in ProcessRequestArgs. */
  kind?: string | null;
  /** As in Authentication. */
  answerSlot?: string;
}

export interface PollResult {
  result: ProcessResult;
  /** The provider's own times, ISO 8601; null when it gave none that could be read. */
  createdAt: string | null;
  completedAt: string | null;
}

export interface CancelInput {
  requestId: string;
  providerRequestId: string;
}

/** What the provider says to a cancellation: `finished` when it was too late. */
export interface CancelResult {
  outcome: 'cancelled' | 'finished' | 'not_supported';
}

/** A request that is about to end with `failure`. */
export interface FallBackInput {
  requestId: string;
  tenant: string;
  data: JsonValue;
  failure: RequestError;
  /** As in ProcessRequestArgs; null when its caller wants no earlier answer. */
  cacheKey: string | null;
}

export interface FallBackResult {
  result: ProcessResult;
  /** ISO 8601; null when it is no stored answer. */
  storedAt: string | null;
}

export interface InvalidateInput {
  tenant: string;
  /** As in ProcessRequestArgs; null: all answers of the tenant. */
  key: string | null;
  /** Who asked: kept in the history. */
  by: string;
}
