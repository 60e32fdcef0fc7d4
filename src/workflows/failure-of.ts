import { RetryState } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, TimeoutFailure, rootCause } from '@temporalio/workflow';
import { STILL_PROCESSING, type ErrorDetails, type ErrorType } from '../contract/failures.ts';
import type { RequestError } from '../contract/request.ts';

export interface RequestFailure {
  status: 'failed' | 'timed_out';
  error: RequestError;
  details: ErrorDetails | null;
}

/** What an activity that failed for good means for its request, whose deadline was `deadlineMs`. */
export function failureOf(failure: ActivityFailure, deadlineMs: number): RequestFailure {
  const { cause } = failure;
  if (cause instanceof ApplicationFailure && failure.retryState !== RetryState.TIMEOUT) {
    const details = errorDetails(cause);
    return failed(cause.type as ErrorType, cause.message, details);
  }
  if (failure.activityType === 'process' && cause instanceof TimeoutFailure && wasSending(cause.lastHeartbeatDetails)) {
    return failed(
      'OutcomeUnknown',
      'The request was sent, and no worker lived to see the answer before the deadline. The provider may have done the work.',
      null,
    );
  }
  const details = cause instanceof ApplicationFailure ? errorDetails(cause) : null;
  const type =
    cause instanceof ApplicationFailure && cause.type === 'APIRateLimitError' ? cause.type : 'APITimeoutError';
  const last = lastWords(failure);
  return {
    status: 'timed_out',
    error: {
      type,
      message: `The request's deadline of ${deadlineMs / 1000} s passed${last ? `. Last: ${last}` : ''}`,
      statusCode: details?.statusCode ?? null,
      retryable: true,
    },
    details,
  };
}

function failed(type: ErrorType, message: string, details: ErrorDetails | null): RequestFailure {
  return {
    status: 'failed',
    error: { type, message, statusCode: details?.statusCode ?? null, retryable: details?.retryable ?? false },
    details,
  };
}

function errorDetails(failure: ApplicationFailure): ErrorDetails | null {
  return (failure.details?.[0] as ErrorDetails | undefined) ?? null;
}

function wasSending(heartbeat: unknown): boolean {
  return typeof heartbeat === 'object' && heartbeat !== null && 'sending' in heartbeat && heartbeat.sending === true;
}

function lastWords(failure: ActivityFailure): string | undefined {
  const { cause } = failure;
  if (cause instanceof ApplicationFailure)
    return cause.type === STILL_PROCESSING ? cause.message : `${cause.type}: ${cause.message}`;
  return cause && rootCause(cause);
}
