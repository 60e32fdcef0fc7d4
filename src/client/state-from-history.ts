import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { Authentication, ExternalApiActivities, Submission } from '../contract/activities.ts';
import { initialState, type RequestState, type RequestStatus } from '../contract/request.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];
type Failure = NonNullable<NonNullable<HistoryEvent['activityTaskFailedEventAttributes']>['failure']>;

/** The status that a scheduled activity stands for. */
const STATUS_OF: Record<keyof ExternalApiActivities, RequestStatus> = {
  authenticate: 'authenticating',
  process: 'submitting',
  pollStatus: 'processing',
  cancelSubmitted: 'processing',
};

/** Whether a failed submit left open what became of it. */
function mayHaveRun(failure: Failure | null | undefined): boolean {
  return failure?.applicationFailureInfo ? failure.applicationFailureInfo.type === 'OutcomeUnknown' : true;
}

const CLOSING = [
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionFailedEventAttributes',
] as const;

/**
 * A request's state as its history tells it, for when no worker can answer. It is as far as a worker would say from the
 * same history, but for an end, which counts once it is recorded.
 */
export function stateFromHistory(requestId: string, history: History): RequestState {
  const events = history.events ?? [];
  const at = (index: number): string => (optionalTsToDate(events.at(index)?.eventTime) ?? new Date(0)).toISOString();
  const state = initialState(requestId, at(0));
  const activityOf = new Map<string, string>();
  for (const [index, event] of events.entries()) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) {
      const name = scheduled.activityType?.name ?? '';
      activityOf.set(String(event.eventId), name);
      state.status = STATUS_OF[name as keyof ExternalApiActivities] ?? state.status;
      state.updatedAt = at(index);
    }
    const lost = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (lost && activityOf.get(String(lost.scheduledEventId)) === 'process' && mayHaveRun(lost.failure)) {
      state.status = 'outcome_unknown';
      state.updatedAt = at(index);
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const step = completed && activityOf.get(String(completed.scheduledEventId));
    const payload = completed?.result?.payloads?.[0];
    if (step === 'authenticate' && !(payload && defaultPayloadConverter.fromPayload<Authentication>(payload).cached)) {
      // What comes next is certain, and a worker that is asked says so before it is recorded.
      state.status = 'submitting';
      state.updatedAt = at(index);
    }
    if (completed && step === 'process') {
      const submission = payload && defaultPayloadConverter.fromPayload<Submission>(payload);
      state.providerRequestId = submission?.providerRequestId ?? null;
      state.status = 'processing';
      state.updatedAt = at(index);
    }
  }
  const last = events.at(-1);
  if (last && CLOSING.some((attributes) => last[attributes])) {
    state.updatedAt = at(-1);
    state.completedAt = at(-1);
  }
  return state;
}
