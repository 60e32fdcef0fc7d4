/**
 * Every way a call to the provider can end badly, as one table.
 *
 * `outcome` says what the provider may have done with the call:
 * - `never-sent`: no byte of it left this process;
 * - `refused`: the provider said no and did nothing;
 * - `ambiguous`: it may or may not have been executed;
 * - `final`: the provider decided, and asking again will not change it.
 *
 * `next` says what the request does about it:
 * - `retry`: try again after the backoff, counted against EXTERNAL_API_MAX_RETRIES;
 * - `wait`: the provider asked us to wait; try again at that time, uncounted, until the request's deadline;
 * - `settle`: retry what is safe to repeat; for `process`, EXTERNAL_API_IDEMPOTENCY decides;
 * - `final`: end the request.
 */

export type Outcome = 'never-sent' | 'refused' | 'ambiguous' | 'final';
export type NextStep = 'retry' | 'wait' | 'settle' | 'final';

/** The public error classes, which are also the `type` of the Temporal failures that carry them. */
export type ErrorType =
  | 'ExternalAPIError'
  | 'APIAuthenticationError'
  | 'APIRateLimitError'
  | 'APITimeoutError'
  /** A reply was lost and the provider cannot be asked safely: the work may or may not have been done. */
  | 'OutcomeUnknown'
  /** The work is done; its result must be fetched from the provider by its id. */
  | 'ResultTooLargeError';

/** Failures that mean "not yet" and never reach a caller. Category BENIGN. */
export const STILL_PROCESSING = 'StillProcessing';

export interface FailureRow {
  readonly outcome: Outcome;
  readonly type: ErrorType;
  readonly next: NextStep;
}

export const FAILURES = {
  /** DNS, connection refused, TLS handshake or connect timeout. */
  unreachable: { outcome: 'never-sent', type: 'ExternalAPIError', next: 'retry' },
  /** The call budget had no room in time. */
  overBudget: { outcome: 'never-sent', type: 'APIRateLimitError', next: 'wait' },
  /** The provider asked somebody of us to wait, and that time has not come. */
  coolingDown: { outcome: 'never-sent', type: 'APIRateLimitError', next: 'wait' },
  /** The provider is down, and somebody else finds out when it is back. */
  outage: { outcome: 'never-sent', type: 'ExternalAPIError', next: 'wait' },
  badCertificate: { outcome: 'never-sent', type: 'ExternalAPIError', next: 'final' },
  /** 401 again, after one fresh token and one replay inside the same attempt. */
  unauthorized: { outcome: 'refused', type: 'APIAuthenticationError', next: 'final' },
  /** 403. */
  forbidden: { outcome: 'final', type: 'APIAuthenticationError', next: 'final' },
  /** The token endpoint's `invalid_client` and its kin (RFC 6749, section 5.2). */
  invalidClient: { outcome: 'final', type: 'APIAuthenticationError', next: 'final' },
  /** 429. */
  rateLimited: { outcome: 'refused', type: 'APIRateLimitError', next: 'wait' },
  /** 503 with Retry-After. */
  unavailableUntil: { outcome: 'refused', type: 'ExternalAPIError', next: 'wait' },
  /** The request left and no whole answer came within the call's timeout. */
  noAnswer: { outcome: 'ambiguous', type: 'APITimeoutError', next: 'settle' },
  /** Reset or end of stream after the first byte left. */
  connectionLost: { outcome: 'ambiguous', type: 'ExternalAPIError', next: 'settle' },
  /** 500, 502, 504, and 503 without Retry-After. */
  serverError: { outcome: 'ambiguous', type: 'ExternalAPIError', next: 'settle' },
  /** A 2xx that is truncated, too large, not JSON, or has neither a result nor a `request_id`. */
  unreadableReply: { outcome: 'ambiguous', type: 'ExternalAPIError', next: 'settle' },
  /** The attempt before this one recorded that it was about to send, and nothing after. */
  workerLost: { outcome: 'ambiguous', type: 'ExternalAPIError', next: 'settle' },
  /** `success: false`, or a job whose status is `failed`. */
  reportedFailure: { outcome: 'final', type: 'ExternalAPIError', next: 'final' },
  /** 400, 404, 409, 413, 422 and every other 4xx. */
  rejected: { outcome: 'final', type: 'ExternalAPIError', next: 'final' },
  /** The request asks to be repeated where EXTERNAL_API_IDEMPOTENCY does not allow it. */
  notAllowed: { outcome: 'never-sent', type: 'ExternalAPIError', next: 'final' },
  /** The work is done, and its result is larger than Temporal keeps. */
  resultTooLarge: { outcome: 'final', type: 'ResultTooLargeError', next: 'final' },
  /** 3xx: never followed, so credentials go nowhere else. */
  redirected: { outcome: 'final', type: 'ExternalAPIError', next: 'final' },
} as const satisfies Record<string, FailureRow>;

export type FailureName = keyof typeof FAILURES;

/** What a Temporal failure of type {@link ErrorType} carries as its first detail. Everything in it is safe to show. */
export interface ErrorDetails {
  failure: FailureName | null;
  outcome: Outcome | null;
  statusCode: number | null;
  requestId: string | null;
  providerRequestId: string | null;
  retryable: boolean;
  /** Seconds the provider asked us to wait; null when it did not say. */
  retryAfter: number | null;
  /** Whether the worker has a fallback. Absent where it has none. */
  fallback?: true;
}
