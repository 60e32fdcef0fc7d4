import { DurableRequestError } from './durable-request-error.ts';
import { FAILURES, type ErrorDetails, type FailureName } from './failures.ts';
import type { ErrorCode, ErrorType, Outcome } from './values.ts';

/**
 * A call to the provider, or a whole request, failed. Thrown by the provider client, and rebuilt from the
 * Temporal failure on the client's side, so that `instanceof` works in both places.
 */
export class ExternalAPIError extends DurableRequestError {
  override readonly name: string = 'ExternalAPIError';
  static readonly code: ErrorCode = 'EXTERNAL_API_ERROR';
  readonly code: ErrorCode = ExternalAPIError.code;
  /** HTTP status of the provider's answer; null when none came. */
  readonly statusCode: number | null;
  readonly requestId: string | null;
  readonly providerRequestId: string | null;
  /** Whether sending it again may help, and does no harm. */
  readonly retryable: boolean;
  /** Seconds the provider asked us to wait; null when it did not say. */
  readonly retryAfter: number | null;
  /** The row of the failure table; null for errors that no single call caused. */
  readonly failure: FailureName | null;
  /** What the provider may have done with the call. */
  readonly outcome: Outcome | null;

  constructor(message: string, details: Partial<ErrorDetails> = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.statusCode = details.statusCode ?? null;
    this.requestId = details.requestId ?? null;
    this.providerRequestId = details.providerRequestId ?? null;
    this.retryable = details.retryable ?? false;
    this.retryAfter = details.retryAfter ?? null;
    this.failure = details.failure ?? null;
    this.outcome = details.outcome ?? null;
  }

  /** Also the `type` of the Temporal failure, and of `error` in a status. */
  override get type(): ErrorType {
    return 'ExternalAPIError';
  }
}

/** The provider refused our credentials: 401 twice, 403, or a token endpoint that knows no such client. */
export class APIAuthenticationError extends ExternalAPIError {
  override readonly name = 'APIAuthenticationError';
  static override readonly code = 'API_AUTHENTICATION';
  override readonly code = APIAuthenticationError.code;

  override get type(): ErrorType {
    return 'APIAuthenticationError';
  }
}

/** The provider's rate limit held the request back until its deadline. */
export class APIRateLimitError extends ExternalAPIError {
  override readonly name = 'APIRateLimitError';
  static override readonly code = 'API_RATE_LIMIT';
  override readonly code = APIRateLimitError.code;

  override get type(): ErrorType {
    return 'APIRateLimitError';
  }
}

/** No answer in time: one call's timeout, or the whole request's deadline. */
export class APITimeoutError extends ExternalAPIError {
  override readonly name = 'APITimeoutError';
  static override readonly code = 'API_TIMEOUT';
  override readonly code = APITimeoutError.code;

  override get type(): ErrorType {
    return 'APITimeoutError';
  }
}

/** A reply was lost, and asking again could do the work twice. Look at the provider before you resubmit. */
export class OutcomeUnknownError extends ExternalAPIError {
  override readonly name = 'OutcomeUnknownError';
  static override readonly code = 'OUTCOME_UNKNOWN';
  override readonly code = OutcomeUnknownError.code;

  override get type(): ErrorType {
    return 'OutcomeUnknown';
  }
}

/** The work is done, but its result is too large to keep. `providerRequestId` finds it at the provider. */
export class ResultTooLargeError extends ExternalAPIError {
  override readonly name = 'ResultTooLargeError';
  static override readonly code = 'RESULT_TOO_LARGE';
  override readonly code = ResultTooLargeError.code;

  override get type(): ErrorType {
    return 'ResultTooLargeError';
  }
}

const CLASSES: Record<ErrorType, typeof ExternalAPIError> = {
  ExternalAPIError,
  APIAuthenticationError,
  APIRateLimitError,
  APITimeoutError,
  OutcomeUnknown: OutcomeUnknownError,
  ResultTooLargeError,
};

/** The class of `type` with `details`; a type this version does not know becomes the base class. */
export function createExternalAPIError(
  type: string,
  message: string,
  details: Partial<ErrorDetails> = {},
  options?: { cause?: unknown },
): ExternalAPIError {
  const Class = Object.hasOwn(CLASSES, type) ? CLASSES[type as ErrorType] : ExternalAPIError;
  return new Class(message, details, options);
}

/** An error of one call, with its row of the failure table. */
export type CallError = ExternalAPIError & { failure: FailureName };

export function isCallError(error: unknown): error is CallError {
  return error instanceof ExternalAPIError && error.failure !== null;
}

/** The error for a row of the failure table, which decides all but what was seen. */
export function callError(
  failure: FailureName,
  message: string,
  seen: Partial<Pick<ErrorDetails, 'statusCode' | 'requestId' | 'providerRequestId' | 'retryAfter'>>,
  cause?: unknown,
): CallError {
  const { type, outcome, next } = FAILURES[failure];
  const details = { ...seen, failure, outcome, retryable: next !== 'final' };
  return createExternalAPIError(type, message, details, cause === undefined ? undefined : { cause }) as CallError;
}
