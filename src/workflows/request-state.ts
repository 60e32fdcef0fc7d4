import {
  type ProcessResult,
  type RecordedResolution,
  type RequestError,
  type RequestState,
  type Resolution,
} from '../contract/request.ts';
import { type CancellationOutcome, type FailedStatus, type RequestStatus, isTerminal } from '../contract/values.ts';

/** What can happen to a request. */
export type RequestEvent =
  | { type: 'authenticating' }
  | { type: 'submitting' }
  | { type: 'submitted'; providerRequestId: string | null }
  | { type: 'outcome_unknown'; error: RequestError; holdUntil: string }
  | { type: 'resolved'; resolution: Resolution }
  | { type: 'deadline_moved'; deadlineAt: string }
  | { type: 'completed'; result: ProcessResult; cancellation: CancellationOutcome | null }
  | { type: 'answered_from_cache'; result: ProcessResult; cachedAt: string; cancellation: CancellationOutcome | null }
  | ({ type: 'fallen_back'; result: ProcessResult; cachedAt: string | null } & Failed)
  | ({ type: FailedStatus; cancellation: CancellationOutcome | null } & Failed)
  | { type: 'cancelled'; cancellation: CancellationOutcome | null };

interface Failed {
  error: RequestError;
  providerRequestId: string | null;
}

/** `resolved` changes no status by itself: what was decided is done next. */
const STATUS_AFTER: Record<Exclude<RequestEvent['type'], 'resolved' | 'deadline_moved'>, RequestStatus> = {
  authenticating: 'authenticating',
  submitting: 'submitting',
  submitted: 'processing',
  outcome_unknown: 'outcome_unknown',
  completed: 'completed',
  answered_from_cache: 'completed',
  fallen_back: 'completed',
  failed: 'failed',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
};

/** The state after `event` at `now` (ISO 8601). A terminal state never changes. */
export function reduce(state: RequestState, event: RequestEvent, now: string): RequestState {
  if (isTerminal(state.status)) return state;
  if (event.type === 'resolved') return { ...state, updatedAt: now, resolution: recorded(event.resolution, now) };
  if (event.type === 'deadline_moved') return { ...state, deadlineAt: event.deadlineAt };
  const status = STATUS_AFTER[event.type];
  const next: RequestState = {
    ...state,
    status,
    updatedAt: now,
    completedAt: isTerminal(status) ? now : null,
    error: null,
    holdUntil: null,
  };
  switch (event.type) {
    case 'submitted':
      return { ...next, providerRequestId: event.providerRequestId };
    case 'completed':
      return { ...next, result: event.result, source: 'provider', cancellation: event.cancellation };
    case 'answered_from_cache':
      return {
        ...next,
        result: event.result,
        source: 'cache',
        cachedAt: event.cachedAt,
        cancellation: event.cancellation,
      };
    case 'fallen_back': {
      const { result, cachedAt, error } = event;
      const providerRequestId = event.providerRequestId ?? state.providerRequestId;
      return { ...next, result, source: 'fallback', cachedAt, error, providerRequestId };
    }
    case 'cancelled': {
      // An id that is polled then is in doubt.
      const providerRequestId = event.cancellation === 'outcome_unknown' ? null : state.providerRequestId;
      return { ...next, providerRequestId, cancellation: event.cancellation };
    }
    case 'outcome_unknown':
      return { ...next, providerRequestId: null, error: event.error, holdUntil: event.holdUntil };
    case 'failed':
    case 'timed_out':
      return {
        ...next,
        error: event.error,
        providerRequestId: event.providerRequestId ?? state.providerRequestId,
        cancellation: event.cancellation,
      };
    default:
      return next;
  }
}

/** Markdown for the Web UI's "current details" of a workflow. */
export function currentDetails(state: RequestState): string {
  const lines = [`**${state.status}** since ${state.updatedAt}`];
  if (state.providerRequestId) lines.push(`The provider's id: \`${state.providerRequestId}\``);
  if (state.source === 'cache') lines.push(`An earlier answer, stored at ${state.cachedAt}`);
  if (state.source === 'fallback') lines.push('A fallback stands in for the result, because of:');
  if (state.error) lines.push(`${state.error.type}: ${state.error.message}`);
  if (state.status === 'outcome_unknown') {
    lines.push(
      `Ask the provider whether it has the work, then decide: \`external-api why ${state.requestId}\` says by which key, and how`,
    );
  }
  if (state.resolution) {
    lines.push(`Decided by ${state.resolution.by}: ${state.resolution.decision} (${state.resolution.reason})`);
  }
  if (state.cancellation) lines.push(`Cancellation: ${state.cancellation}`);
  return lines.join('\n\n');
}

function recorded(resolution: Resolution, at: string): RecordedResolution {
  return { ...resolution, at };
}
