import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import { FAILURES, STILL_PROCESSING, type ErrorDetails } from '../contract/failures.ts';
import type { RequestState, WaitingFor, WaitReason } from '../contract/request.ts';

type Description = Pick<WorkflowExecutionDescription['raw'], 'pendingActivities' | 'pendingWorkflowTask'>;
type PendingFailure = NonNullable<NonNullable<NonNullable<Description['pendingActivities']>[number]>['lastFailure']>;

// temporal.api.enums.v1: PendingActivityState and PendingWorkflowTaskState.
const PENDING_ACTIVITY_STATE_STARTED = 2;
const PENDING_WORKFLOW_TASK_STATE_STARTED = 2;

/** Why a running request is where it is, from its state and what the server knows of its pending activity. */
export function waitingFor(state: RequestState, description: Description, now: Date): WaitingFor | null {
  if (state.status === 'outcome_unknown') {
    return { reason: 'outcome_unknown', since: state.updatedAt, until: state.holdUntil ?? null, attempt: 1 };
  }
  const activity = description.pendingActivities?.[0];
  if (!activity) return waitingForWorker(description.pendingWorkflowTask);
  const scheduled = optionalTsToDate(activity.scheduledTime);
  const next = optionalTsToDate(activity.nextAttemptScheduleTime);
  const attempt = activity.attempt ?? 1;
  const polling = activity.activityType?.name === 'pollStatus';

  if (activity.state === PENDING_ACTIVITY_STATE_STARTED) {
    const since = optionalTsToDate(activity.lastStartedTime);
    return { reason: polling ? 'provider_processing' : 'provider_call', since: iso(since), until: null, attempt };
  }
  if (!activity.lastFailure || !next || next <= now) {
    return { reason: 'worker', since: iso(next ?? scheduled), until: null, attempt };
  }
  const since = optionalTsToDate(activity.lastAttemptCompleteTime) ?? scheduled;
  return { reason: reasonOf(activity.lastFailure), since: iso(since), until: iso(next), attempt };
}

/** The workflow's own next step waits for a worker, unless one has it already. */
function waitingForWorker(task: Description['pendingWorkflowTask']): WaitingFor | null {
  if (!task || task.state === PENDING_WORKFLOW_TASK_STATE_STARTED) return null;
  const since = iso(optionalTsToDate(task.originalScheduledTime ?? task.scheduledTime));
  return { reason: 'worker', since, until: null, attempt: task.attempt ?? 1 };
}

function reasonOf(failure: PendingFailure): WaitReason {
  const info = failure.applicationFailureInfo;
  if (info?.type === STILL_PROCESSING) return 'provider_processing';
  const payload = info?.details?.payloads?.[0];
  const details = payload && defaultPayloadConverter.fromPayload<ErrorDetails>(payload);
  return details?.failure && FAILURES[details.failure].next === 'wait' ? 'cool_down' : 'retry_backoff';
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}
