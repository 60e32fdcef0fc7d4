import { DurableRequestError } from '../contract/durable-request-error.ts';
import type { ProcessResult } from '../contract/request.ts';

/**
 * What can go wrong between a service and its own durable requests. What went wrong at the provider is in
 * contract/errors.ts.
 */

/** The input cannot be a request, or an option is wrong or unknown. Nothing was started. */
export class InvalidRequestError extends DurableRequestError {
  override readonly name = 'InvalidRequestError';
  static readonly code = 'INVALID_REQUEST';
  override readonly code = InvalidRequestError.code;
  /** One entry for each thing that is wrong, with the path of the member it is about. */
  readonly problems: readonly { path: string; message: string }[];

  /** @param what is invalid, as the message says */
  constructor(problems: readonly { path: string; message: string }[], what = 'request') {
    super(`Invalid ${what}: ${told(problems)}`);
    this.problems = problems;
  }
}

/** The input is larger than Temporal keeps. Nothing was started. */
export class RequestTooLargeError extends DurableRequestError {
  override readonly name = 'RequestTooLargeError';
  static readonly code = 'REQUEST_TOO_LARGE';
  override readonly code = RequestTooLargeError.code;

  constructor(bytes: number, limit: number) {
    super(
      `The request has ${bytes} bytes of JSON; at most ${limit} can be kept. Send a reference to the data instead.`,
    );
  }
}

/** The decision cannot be taken: the request waits for none, or not any more. Nothing was changed. */
export class NothingToDecideError extends DurableRequestError {
  override readonly name = 'NothingToDecideError';
  static readonly code = 'NOTHING_TO_DECIDE';
  override readonly code = NothingToDecideError.code;
  readonly requestId: string;

  constructor(requestId: string, message: string) {
    super(message);
    this.requestId = requestId;
  }
}

/** The request cannot be sent again: it has not ended without a result, or the work may have been done. Nothing was started. */
export class NotRetryableError extends DurableRequestError {
  override readonly name = 'NotRetryableError';
  static readonly code = 'NOT_RETRYABLE';
  override readonly code = NotRetryableError.code;
  readonly requestId: string;

  /** @param why and what to do instead, as the end of a sentence */
  constructor(requestId: string, why: string) {
    super(`Request ${requestId} is not sent again: ${why}.`);
    this.requestId = requestId;
  }
}

/** The idempotency key was used before, with another input. The first request is untouched. */
export class IdempotencyConflictError extends DurableRequestError {
  override readonly name = 'IdempotencyConflictError';
  static readonly code = 'IDEMPOTENCY_CONFLICT';
  override readonly code = IdempotencyConflictError.code;
  readonly requestId: string;

  constructor(requestId: string) {
    super(
      `This idempotency key already belongs to ${requestId}, which has another input. ` +
        'Send the first input again to get that request, or use a new key.',
    );
    this.requestId = requestId;
  }
}

/** No request with this id, or it belongs to another tenant, or its retention has passed. */
export class RequestNotFoundError extends DurableRequestError {
  override readonly name = 'RequestNotFoundError';
  static readonly code = 'REQUEST_NOT_FOUND';
  override readonly code = RequestNotFoundError.code;
  readonly requestId: string;

  constructor(requestId: string) {
    super(`There is no request ${requestId}.`);
    this.requestId = requestId;
  }
}

/** There is one, of another tenant than was asked for. It says no more than its parent, but to us. */
export class ForeignRequestError extends RequestNotFoundError {}

/** The request was cancelled (or terminated by an operator) before it had a result. */
export class RequestCancelledError extends DurableRequestError {
  override readonly name = 'RequestCancelledError';
  static readonly code = 'REQUEST_CANCELLED';
  override readonly code = RequestCancelledError.code;
  readonly requestId: string;

  constructor(requestId: string, options?: { cause?: unknown }) {
    super(`Request ${requestId} was cancelled.`, options);
    this.requestId = requestId;
  }
}

/** The request had ended already, so there is nothing to cancel. */
export class RequestFinishedError extends DurableRequestError {
  override readonly name = 'RequestFinishedError';
  static readonly code = 'REQUEST_FINISHED';
  override readonly code = RequestFinishedError.code;
  readonly requestId: string;

  constructor(requestId: string) {
    super(`Request ${requestId} has ended already. Its status says how.`);
    this.requestId = requestId;
  }
}

/** The result was not there within the `timeout` of the wait. The request goes on. */
export class ResultTimeoutError extends DurableRequestError {
  override readonly name = 'ResultTimeoutError';
  static readonly code = 'RESULT_TIMEOUT';
  override readonly code = ResultTimeoutError.code;
  readonly requestId: string;

  constructor(requestId: string) {
    super(`Request ${requestId} has no result yet. It goes on; ask again later.`);
    this.requestId = requestId;
  }
}

/** The request is completed, but its result is not what the caller's schema wants. The work is done: do not send it again. */
export class ResultMismatchError extends DurableRequestError {
  override readonly name = 'ResultMismatchError';
  static readonly code = 'RESULT_MISMATCH';
  override readonly code = ResultMismatchError.code;
  readonly requestId: string;
  /** As the provider gave it. */
  readonly result: ProcessResult;
  /** What the schema found, with the path in `processedData` that it is about. */
  readonly problems: readonly { path: string; message: string }[];

  constructor(
    requestId: string,
    result: ProcessResult,
    problems: readonly { path: string; message: string }[],
    options?: { cause?: unknown },
  ) {
    super(
      `Request ${requestId} is completed, but its result does not fit the schema: ${told(problems)}. ` +
        'The work is done, so do not send it again: correct the schema, and take `result` of this error.',
      options,
    );
    this.requestId = requestId;
    this.result = result;
    this.problems = problems;
  }
}

/** The Temporal server did not answer, or did not let us in. */
export class TemporalUnavailableError extends DurableRequestError {
  override readonly name = 'TemporalUnavailableError';
  static readonly code = 'TEMPORAL_UNAVAILABLE';
  override readonly code = TemporalUnavailableError.code;
  /** The request that may have been started; null: none was. */
  readonly requestId: string | null;

  constructor(
    message = 'The Temporal server did not answer. Check TEMPORAL_ADDRESS, and that the server is up.',
    { requestId = null, ...options }: { cause?: unknown; requestId?: string | null } = {},
  ) {
    super(message, options);
    this.requestId = requestId;
  }
}

function told(problems: readonly { path: string; message: string }[]): string {
  return problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
}

/** There is no end of that request to deliver: it still runs, or nobody asked to be told. */
export class NothingToDeliverError extends DurableRequestError {
  override readonly name = 'NothingToDeliverError';
  static readonly code = 'NOTHING_TO_DELIVER';
  override readonly code = NothingToDeliverError.code;
  readonly requestId: string;

  constructor(requestId: string, why: string) {
    super(`The end of request ${requestId} cannot be delivered: ${why}.`);
    this.requestId = requestId;
  }
}

/** What came is not a delivery of ours, or not a new one: answer 401, and do nothing with it. */
export class WebhookVerificationError extends DurableRequestError {
  override readonly name = 'WebhookVerificationError';
  static readonly code = 'WEBHOOK_VERIFICATION';
  override readonly code = WebhookVerificationError.code;

  /** @param problem as the end of a sentence that begins with the message */
  constructor(problem: string) {
    super(`The message ${problem}.`);
  }
}
