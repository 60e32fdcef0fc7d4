/**
 * Every closed list of words that more than one part of the product uses: what a client checks, a gateway documents, a
 * command line offers and a variable accepts is derived from these.
 */

/** What the provider may have done with a call: see failures.ts. */
export const OUTCOMES = ['never-sent', 'refused', 'ambiguous', 'final'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a call to the provider is for. Its path stands in the log only. */
export const OPERATIONS = ['token', 'submit', 'status', 'cancel', 'result', 'lookup'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The public error classes, which are also the `type` of the Temporal failures that carry them. */
export const ERROR_TYPES = [
  'ExternalAPIError',
  'APIAuthenticationError',
  'APIRateLimitError',
  'APITimeoutError',
  /** A reply was lost and the provider cannot be asked safely: the work may or may not have been done. */
  'OutcomeUnknown',
  /** The work is done; its result must be fetched from the provider by its id. */
  'ResultTooLargeError',
] as const;
export type ErrorType = (typeof ERROR_TYPES)[number];

/** `code` of every error that the client throws: one for each class. */
export const ERROR_CODES = [
  'INVALID_REQUEST',
  'REQUEST_TOO_LARGE',
  'IDEMPOTENCY_CONFLICT',
  'REQUEST_NOT_FOUND',
  'REQUEST_CANCELLED',
  'REQUEST_FINISHED',
  'RESULT_TIMEOUT',
  'RESULT_MISMATCH',
  'NOT_RETRYABLE',
  'NOTHING_TO_DECIDE',
  'NOTHING_TO_DELIVER',
  'WEBHOOK_VERIFICATION',
  'TEMPORAL_UNAVAILABLE',
  'EXTERNAL_API_ERROR',
  'API_AUTHENTICATION',
  'API_RATE_LIMIT',
  'API_TIMEOUT',
  'OUTCOME_UNKNOWN',
  'RESULT_TOO_LARGE',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

export const TERMINAL_STATUSES = ['completed', 'failed', 'cancelled', 'timed_out'] as const;

/** An end without a result that nobody asked for: a retry may follow. */
export const FAILED_STATUSES = ['failed', 'timed_out'] as const satisfies readonly (typeof TERMINAL_STATUSES)[number][];
export type FailedStatus = (typeof FAILED_STATUSES)[number];

export function isFailed(status: RequestStatus): status is FailedStatus {
  return (FAILED_STATUSES as readonly RequestStatus[]).includes(status);
}

export const REQUEST_STATUSES = [
  'queued',
  'authenticating',
  'submitting',
  'processing',
  'outcome_unknown',
  ...TERMINAL_STATUSES,
] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export function isTerminal(status: RequestStatus): status is (typeof TERMINAL_STATUSES)[number] {
  return (TERMINAL_STATUSES as readonly RequestStatus[]).includes(status);
}

/** What has become of a delivery: `dead` was given up, `cancelled` was ended by an operator. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'dead', 'cancelled'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** As a list can tell them apart: the server's own word, and the search attribute `ExternalApiAttention`. */
export const LIST_STATUSES = ['running', ...TERMINAL_STATUSES, 'outcome_unknown'] as const;
export type ListStatus = (typeof LIST_STATUSES)[number];

/** Values of the search attribute `ExternalApiAttention`. */
export const ATTENTIONS = ['outcome_unknown', 'failed', 'timed_out', 'fallback'] as const;
export type Attention = (typeof ATTENTIONS)[number];

/** What an ambiguous submit does: see EXTERNAL_API_IDEMPOTENCY in docs/configuration.md. */
export const IDEMPOTENCIES = ['none', 'key', 'resend'] as const;
export type Idempotency = (typeof IDEMPOTENCIES)[number];

/** Bulk submits go out when nothing else wants to, from a queue of their own. */
export const PRIORITIES = ['interactive', 'bulk'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** May an earlier answer be given (`read`), or only the new one be kept (`refresh`), or neither (`off`)? */
export const CACHE_USES = ['read', 'refresh', 'off'] as const;
export type CacheUse = (typeof CACHE_USES)[number];

/** Whose result it is. */
export const SOURCES = ['provider', 'cache', 'fallback'] as const;
export type Source = (typeof SOURCES)[number];

/** A person's decision on a request whose outcome is unknown. An adoption is about one id, so it cannot be made for many. */
export const BULK_DECISIONS = ['resubmit', 'abandon'] as const;
export const DECISIONS = ['resubmit', 'adopt', 'abandon'] as const;
export type BulkDecision = (typeof BULK_DECISIONS)[number];
export type Decision = (typeof DECISIONS)[number];

/**
 * What became of the work at the provider when its request was cancelled.
 * - `nothing_sent`: it was never submitted;
 * - `cancelled_at_provider`: the provider was told and agreed;
 * - `no_longer_watched`: the provider has no way to cancel, or did not answer; it may finish, and nobody looks;
 * - `finished_anyway`: it ended first, with a result, which is kept, or as failed, without one;
 * - `outcome_unknown`: whether the provider ever got it was not known, and now nobody finds out;
 * - `terminated`: an operator ended the workflow, which could do nothing more.
 */
export const CANCELLATION_OUTCOMES = [
  'nothing_sent',
  'cancelled_at_provider',
  'no_longer_watched',
  'finished_anyway',
  'outcome_unknown',
  'terminated',
] as const;
export type CancellationOutcome = (typeof CANCELLATION_OUTCOMES)[number];

export const WAIT_REASONS = [
  /** The workflow's own step fails, or its worker dies, again and again: the workers' code cannot go on with it. */
  'task_failing',
  /** An operator paused the activity of the step. */
  'paused',
  /** A reply was lost: it waits for the provider's word, for a decision, or for the end of its hold. */
  'outcome_unknown',
  /** A call to the provider is under way. */
  'provider_call',
  /** The provider works on it; `until` is the next poll. */
  'provider_processing',
  /** A call failed and is tried again. */
  'retry_backoff',
  /** The provider asked us to wait (429, or 503 with Retry-After), or it is down. */
  'cool_down',
  /** As many calls as are allowed have been made: it is sent when the first of them leaves the window. */
  'budget',
  /** No worker has picked the next step up yet. */
  'worker',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** Why nothing may be sent now: no room in the window, the provider asked us to wait, or it is down. */
export const CLOSED_BY = ['budget', 'cool_down', 'outage'] as const;
export type ClosedBy = (typeof CLOSED_BY)[number];

/** `share`: Redis does not answer, and each process keeps to its share of the limit. */
export const COUNTED_IN = ['memory', 'redis', 'share'] as const;
export type CountedIn = (typeof COUNTED_IN)[number];
