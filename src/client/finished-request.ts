import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure, TimeoutFailure } from '@temporalio/common';
import { createExternalAPIError, type ExternalAPIError } from '../contract/errors.ts';
import type { ErrorDetails } from '../contract/failures.ts';
import { workflowIdOf, type RequestMemo } from '../contract/names.ts';
import type { JsonValue, ProcessResult, RequestState } from '../contract/request.ts';
import { RequestCancelledError } from './client-errors.ts';
import { readHistory } from './server-history.ts';
import { stateFromHistory } from './state-from-history.ts';

/** A completed request: `result` is there. */
export interface CompletedRequest<Data = JsonValue> extends Omit<RequestState, 'status' | 'result'> {
  status: 'completed';
  result: ProcessResult<Data>;
}

/** How a request ended: with its result, or with the error that a caller who awaits it gets. */
export type RequestEnd =
  { state: CompletedRequest; error: null } | { state: RequestState; error: ExternalAPIError | RequestCancelledError };

/** Waits for the end of a request. Rejects only when the server cannot say it. */
export async function endOf(client: Client, requestId: string): Promise<RequestEnd> {
  const handle = client.workflow.getHandle(workflowIdOf(requestId));
  try {
    return { state: (await handle.result()) as CompletedRequest, error: null };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof ApplicationFailure) {
      const [details, state] = (cause.details ?? []) as [ErrorDetails | null | undefined, RequestState | undefined];
      const type = cause.type ?? 'ExternalAPIError';
      const typed = createExternalAPIError(
        type,
        cause.message,
        { ...details, requestId, providerRequestId: state?.providerRequestId ?? details?.providerRequestId ?? null },
        { cause },
      );
      const { providerRequestId } = typed;
      // Of a result that was too large only the error has the id.
      if (state) return { state: { ...state, providerRequestId }, error: typed };
      return { state: await closedState(client, requestId, 'failed', typed), error: typed };
    }
    if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) {
      const state = await cancelledState(client, requestId, cause instanceof TerminatedFailure);
      return { state, error: new RequestCancelledError(requestId, { cause }) };
    }
    const timedOut = cause instanceof TimeoutFailure;
    const typed = createExternalAPIError(
      timedOut ? 'APITimeoutError' : 'ExternalAPIError',
      error.message,
      { requestId },
      { cause },
    );
    return { state: await closedState(client, requestId, timedOut ? 'timed_out' : 'failed', typed), error: typed };
  }
}

/** The state that a cancelled workflow left in its memo, or what its history tells of one that could not. */
async function cancelledState(client: Client, requestId: string, terminated: boolean): Promise<RequestState> {
  const { memo } = await client.workflow.getHandle(workflowIdOf(requestId)).describe();
  const { endState } = (memo ?? {}) as Partial<RequestMemo>;
  if (endState) return endState;
  const state = await closedState(client, requestId, 'cancelled', null);
  return { ...state, cancellation: terminated ? 'terminated' : null };
}

/** The state of a workflow that ended without leaving one. */
async function closedState(
  client: Client,
  requestId: string,
  status: RequestState['status'],
  error: ExternalAPIError | null,
): Promise<RequestState> {
  const state = stateFromHistory(requestId, await readHistory(client, workflowIdOf(requestId)));
  return {
    ...state,
    status,
    error: error && {
      type: error.type,
      message: error.message,
      statusCode: error.statusCode,
      retryable: error.retryable,
      outcome: error.outcome,
      failure: error.failure,
    },
  };
}
