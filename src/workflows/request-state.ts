import {
  isTerminal,
  type ProcessResult,
  type RequestError,
  type RequestState,
  type RequestStatus,
} from '../contract/request.ts';

/** What can happen to a request. */
export type RequestEvent =
  | { type: 'authenticating' }
  | { type: 'submitting' }
  | { type: 'submitted'; providerRequestId: string | null }
  | { type: 'completed'; result: ProcessResult }
  | { type: 'failed'; error: RequestError }
  | { type: 'timed_out'; error: RequestError }
  | { type: 'cancelled' };

const STATUS_AFTER: Record<RequestEvent['type'], RequestStatus> = {
  authenticating: 'authenticating',
  submitting: 'submitting',
  submitted: 'processing',
  completed: 'completed',
  failed: 'failed',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
};

export function initialState(requestId: string, createdAt: string): RequestState {
  return {
    requestId,
    status: 'queued',
    createdAt,
    updatedAt: createdAt,
    completedAt: null,
    providerRequestId: null,
    result: null,
    error: null,
    source: null,
  };
}

/** The state after `event` at `now` (ISO 8601). A terminal state never changes. */
export function reduce(state: RequestState, event: RequestEvent, now: string): RequestState {
  if (isTerminal(state.status)) return state;
  const status = STATUS_AFTER[event.type];
  const next: RequestState = { ...state, status, updatedAt: now, completedAt: isTerminal(status) ? now : null };
  switch (event.type) {
    case 'submitted':
      return { ...next, providerRequestId: event.providerRequestId };
    case 'completed':
      return { ...next, result: event.result, source: 'provider' };
    case 'failed':
    case 'timed_out':
      return { ...next, error: event.error };
    default:
      return next;
  }
}

/** Markdown for the Web UI's "current details" of a workflow. */
export function currentDetails(state: RequestState): string {
  const lines = [`**${state.status}** since ${state.updatedAt}`];
  if (state.providerRequestId) lines.push(`The provider's id: \`${state.providerRequestId}\``);
  if (state.error) lines.push(`${state.error.type}: ${state.error.message}`);
  return lines.join('\n\n');
}
