import type { JsonValue, ProcessResult, RequestError } from './request.ts';
import type { ErrorDetails } from './failures.ts';
import type { CacheUse, ErrorType, Idempotency, Priority } from './values.ts';

/** The activities of a request. Their input and results are history: no token and no secret ever enters them. */
export interface ExternalApiActivities {
  authenticate(input: AuthenticateInput): Promise<Authentication>;
  process(input: SubmitInput): Promise<Submission>;
  pollStatus(input: PollInput): Promise<PollResult | null>;
  cancelSubmitted(input: CancelInput): Promise<CancelResult>;
}

/** Of providers that can be asked for work by our own reference. */
export interface LookupActivities {
  /** Asks until the provider has the work, or it is certain that it has not; `once`: null where it is neither. */
  findSubmitted(input: FindInput): Promise<Found | null>;
}

/** What is asked of the Temporal server. */
export interface ServerActivities {
  /** Whether the submit of its own workflow, which is about to be cancelled, has sent nothing so far. */
  confirmUnsent(input: ConfirmInput): Promise<Confirmation>;
}

/** Activities that make no call to the provider. */
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
  /** As in ProcessRequestArgs. */
  maxAgeMs?: number;
}

/** An answer of the provider, and when it was stored. ISO 8601. */
export interface StoredAnswer {
  result: ProcessResult;
  storedAt: string;
}

/**
 * Proof that a token exists in this worker, without the token; or an earlier answer, for which none was needed. Both null
 * without `cached`: no call for a token could go out, and the submit gets one.
 */
export interface Authentication {
  /** Null with `cached`, and while the provider is closed: then the submit gets the token when its turn has come. */
  tokenGeneration: number | null;
  /** ISO 8601; null without a token. */
  expiresAt: string | null;
  /** What is to be done about an ambiguous submit: as the request asks, or as this worker has it; null with `cached`. */
  mode: Idempotency | null;
  cached?: StoredAnswer;
  /** Where the answer is to be kept. Absent: nowhere. */
  answerSlot?: string;
  /** Whether the worker has a fallback. Absent where it has none. */
  fallback?: true;
  /** Whether the provider can be asked for work by our own reference. Absent where it cannot. */
  looksUp?: true;
  /** What the provider is to call when the work is done. Absent where it gets no URL. */
  callback?: CallbackLink;
}

/** What a callback URL is made of, but for the key itself, so that every submit of a request has the same one. */
export interface CallbackLink {
  /** Of one of EXTERNAL_API_CALLBACK_KEYS. */
  keyId: string;
  /** PUBLIC_BASE_URL, as it was then. */
  baseUrl: string;
}

export interface SubmitInput {
  /** As in ProcessRequestArgs. */
  version: number;
  requestId: string;
  data: JsonValue;
  options: { async: boolean };
  /** As in Authentication. */
  callback?: CallbackLink;
  /** As in ProcessRequestArgs; `none` also where the worker that authenticated has it. */
  idempotency: Idempotency | null;
  priority: Priority;
  /** As in Authentication. */
  answerSlot?: string;
  /** An earlier submit of this request may have been executed, and a person decided to submit it again. */
  resubmitted?: true;
  /** With `resubmitted`: no person did. A callback came, and the answer to the same key says which work is meant. */
  confirms?: true;
  /** With `resubmitted`: before the first submit of this request. Milliseconds since 1970; 0: nobody knows when that was. */
  firstSentAt?: number;
  /** As in ProcessRequestArgs. A provider that heeds keys then does not do the work of that request twice. */
  submittedAs?: string;
}

/** The provider took the work: with a result at once, or with an id to ask for it. */
export interface Submission {
  providerRequestId: string | null;
  result: ProcessResult | null;
  /** Milliseconds to the first poll, when the provider's Retry-After said so. */
  firstPollAfterMs: number | null;
  /** That the step has made, this one included. */
  calls?: number;
}

export interface PollInput {
  requestId: string;
  providerRequestId: string;
  /** As in Submission. */
  firstPollAfterMs: number | null;
  /** Ask first after so long, 0: at once, whatever the plan says: a callback came, or the work is older. Null: by plan. */
  lookAfterMs: number | null;
  /** One look that finds the work or, null, does not: somebody else goes on asking. */
  once?: true;
  /** Milliseconds since 1970; null: not known. */
  submittedAt: number | null;
  /** The provider tells us when it has finished: polls are only for a callback that is lost. */
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
  /** As in Submission. */
  calls?: number;
}

export interface CancelInput {
  requestId: string;
  providerRequestId: string;
}

export interface FindInput {
  requestId: string;
  /** As in ProcessRequestArgs. */
  submittedAs?: string;
  /** When the last submit had surely been sent: milliseconds since 1970, by the server's clock. */
  sentBefore: number;
  /** The run that asks: one after a reset does not know what this one did with the answer. */
  askedIn: string;
  /** A submit was answered with a 2xx: it did arrive, and no list proves otherwise. */
  answered?: boolean;
  /** One look, because of a callback: somebody else goes on asking. */
  once?: true;
}

export type Found =
  | { found: 'one'; providerRequestId: string }
  /** Which of them is ours, only a person can say. */
  | { found: 'several'; providerRequestIds: string[] }
  /** No submit ever arrived, of those that the run knew which asked. */
  | { found: 'none'; askedIn: string };

export interface ConfirmInput {
  /** Of the submit's activity. */
  mode: Idempotency;
}

export interface Confirmation {
  unsent: boolean;
  /** No worker gets the submit any more. Absent: the server cannot do that, and the answer ages. */
  held?: true;
}

/**
 * What an attempt leaves for the next one in its heartbeat details, and for the workflow when there is no next one.
 * Temporal counts attempts; only this tells failures from waiting.
 */
export interface CallProgress {
  /** Calls that the step has made so far, beside those for a token. Waiting for a permit is none. */
  calls: number;
  tokenCalls: number;
  /** Failures of the provider since it last answered well; EXTERNAL_API_MAX_RETRIES bounds them. */
  failures: number;
  /** How often the provider asked us to wait without saying until when; grows that backoff. */
  waits: number;
  /** How the latest call ended, unless well: the true cause, should the deadline come before another one. */
  last: CallFailure | null;
  /** The wait lasts until the deadline: nothing is called any more. */
  untilDeadline: boolean;
  /** The step ended with `last`. Who gets it after that calls nobody: Temporal got this record, and not that end. */
  ended: boolean;
}

export interface CallFailure {
  type: ErrorType;
  message: string;
  details: ErrorDetails;
}

export interface PollProgress extends CallProgress {
  /** Polls that were answered. */
  polls: number;
  /** The wait before the first poll is over, or was given to Temporal. */
  started: boolean;
  /** The provider's own word in the latest answer; null: none came. */
  status: string | null;
  /** The unknown status word that was warned of. */
  warnedOf: string | null;
  /** The provider has known the id. */
  known: boolean;
  /** When the work was first seen completed without its result; milliseconds since 1970. */
  completedSince: number | null;
}

export interface SubmitProgress extends CallProgress {
  /** The call is about to leave or has left, and no outcome is recorded. */
  sending: boolean;
  /** A submit of this request may have been executed. */
  mayHaveRun: boolean;
  /** When the first of those left, at the earliest. Milliseconds since 1970; null: none did. */
  firstSentAt: number | null;
}

/** What the provider says to a cancellation: `finished` when it was too late, `asked` when only polls say what it did. */
export interface CancelResult {
  outcome: 'cancelled' | 'finished' | 'asked' | 'not_supported';
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
