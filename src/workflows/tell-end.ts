import { log } from '@temporalio/workflow';
import type { Request } from './create-request.ts';

/** The one line of a request's end. Times in seconds. The SDK leaves out what is null. */
export function tellEnd({ args, state, tally, durations }: Request): void {
  const { status, error } = state;
  // Of a request that a fallback completed, too.
  const tell = error === null ? log.info : log.error;
  tell(error === null ? `The request is ${status}` : `The request is ${status}: ${error.message}`, {
    event: 'external_api_request_ended',
    request_id: args.requestId,
    tenant: args.tenant,
    status,
    provider_request_id: state.providerRequestId,
    duration: seconds(Object.values(durations).reduce((sum, ms) => sum + ms, 0)),
    durations: Object.fromEntries(Object.entries(durations).map(([passed, ms]) => [passed, seconds(ms)])),
    submits: tally.calls.process,
    status_calls: tally.calls.pollStatus,
    ...(state.source && { source: state.source }),
    ...(state.cachedAt && { cached_at: state.cachedAt }),
    ...(state.cancellation && { cancellation: state.cancellation }),
    ...(error && {
      error_type: error.type,
      reason: error.message,
      failure: error.failure,
      outcome: error.outcome,
      status_code: error.statusCode,
      retryable: error.retryable,
    }),
    ...(tally.fallbackError !== null && { fallback_error: tally.fallbackError }),
  });
}

export function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
