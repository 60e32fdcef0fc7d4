import { RetryState } from '@temporalio/common';
import { ApplicationFailure, TimeoutFailure, type ActivityFailure } from '@temporalio/workflow';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { STILL_PROCESSING, type ErrorDetails, type ErrorType } from '../contract/failures.ts';
import type { RequestError } from '../contract/request.ts';

/** How a request ends because an activity failed for good. */
export interface RequestFailure {
  status: 'failed' | 'timed_out';
  error: RequestError;
  details: ErrorDetails;
}

/** What the request was doing when its deadline came, if no call said more. */
const UNDER_WAY: Record<keyof ExternalApiActivities, string> = {
  authenticate: 'while it waited for an access token',
  process: 'while it was being submitted',
  pollStatus: 'while the provider was still working on it',
  cancelSubmitted: 'while it was being cancelled',
};

/** What an activity that failed for good means for its request, whose deadline was `deadlineMs`. */
export function failureOf(failure: ActivityFailure, deadlineMs: number): RequestFailure {
  const { cause } = failure;
  if (cause instanceof ApplicationFailure && failure.retryState !== RetryState.TIMEOUT) {
    return ended('failed', cause.type as ErrorType, cause.message, detailsOf(cause));
  }
  if (failure.activityType === 'process' && cause instanceof TimeoutFailure && wasSending(cause.lastHeartbeatDetails)) {
    return ended('failed', 'OutcomeUnknown', 'The deadline came after the request was sent and before its answer', {
      failure: 'workerLost',
      outcome: 'ambiguous',
    });
  }
  const details = cause instanceof ApplicationFailure ? detailsOf(cause) : {};
  const limited = cause instanceof ApplicationFailure && cause.type === 'APIRateLimitError';
  return ended('timed_out', limited ? 'APIRateLimitError' : 'APITimeoutError', deadlineMessage(failure, deadlineMs), {
    ...details,
    retryable: true,
  });
}

/** A failure of a request, with what is known of the call that led to it. */
export function ended(
  status: RequestFailure['status'],
  type: ErrorType,
  message: string,
  known: Partial<ErrorDetails>,
): RequestFailure {
  const details: ErrorDetails = {
    failure: null,
    outcome: null,
    statusCode: null,
    requestId: null,
    providerRequestId: null,
    retryable: false,
    retryAfter: null,
    ...known,
  };
  return { status, error: { type, message, statusCode: details.statusCode, retryable: details.retryable }, details };
}

function deadlineMessage({ activityType, cause }: ActivityFailure, deadlineMs: number): string {
  const passed = `The request's deadline of ${deadlineMs / 1000} s passed`;
  if (!(cause instanceof ApplicationFailure)) {
    return `${passed} ${UNDER_WAY[activityType as keyof ExternalApiActivities] ?? ''}`.trimEnd();
  }
  return cause.type === STILL_PROCESSING ? `${passed} ${UNDER_WAY.pollStatus}` : `${passed}. Last: ${cause.message}`;
}

function detailsOf(failure: ApplicationFailure): Partial<ErrorDetails> {
  return (failure.details?.[0] as ErrorDetails | undefined) ?? {};
}

function wasSending(heartbeat: unknown): boolean {
  return typeof heartbeat === 'object' && heartbeat !== null && 'sending' in heartbeat && heartbeat.sending === true;
}
