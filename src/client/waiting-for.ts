import type { WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToDate } from '@temporalio/common/lib/time.js';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { closureOf, type BudgetView } from '../contract/budget-view.ts';
import { FAILURES, STILL_PROCESSING, type ErrorDetails, type FailureName } from '../contract/failures.ts';
import { TASK_QUEUES } from '../contract/names.ts';
import type { RequestState, WaitingFor, WaitReason } from '../contract/request.ts';

type Description = Pick<WorkflowExecutionDescription['raw'], 'pendingActivities' | 'pendingWorkflowTask'>;
type Activity = NonNullable<Description['pendingActivities']>[number];
type Payloads = NonNullable<Activity['heartbeatDetails']>;

// temporal.api.enums.v1: PendingActivityState and PendingWorkflowTaskState.
const PENDING_ACTIVITY_STATE_STARTED = 2;
const PENDING_WORKFLOW_TASK_STATE_STARTED = 2;

/** What stands in the queues that the call budget keeps closed. */
const METERED: readonly string[] = [
  'process',
  'pollStatus',
  'cancelSubmitted',
] satisfies (keyof ExternalApiActivities)[];

/** How the attempt before the present one ended. */
export interface LastFailure {
  /** The row of the failure table; null for what no call caused, such as a lost worker. */
  failure: FailureName | null;
  type: string | null;
  message: string;
  statusCode: number | null;
}

/**
 * Why a running request is where it is, from its state and what the server knows of its pending activity. `budget` is
 * what the call budget says where {@link mayWaitForPermit}; null: nobody says.
 */
export function waitingFor(
  state: RequestState,
  description: Description,
  budget: BudgetView | null,
  now: Date,
): WaitingFor | null {
  if (state.status === 'outcome_unknown') {
    return { reason: 'outcome_unknown', since: state.updatedAt, until: state.holdUntil ?? null, attempt: 1 };
  }
  const activity = description.pendingActivities?.[0];
  if (!activity) return waitingForWorker(description.pendingWorkflowTask);
  const scheduled = optionalTsToDate(activity.scheduledTime);
  const next = optionalTsToDate(activity.nextAttemptScheduleTime);
  const attempt = activity.attempt ?? 1;
  const closure = budget && mayWaitForPermit(description, now) ? closureOf(budget, callOf(activity)) : null;
  const closed: Pick<WaitingFor, 'reason' | 'until'> | null = closure && {
    reason: closure.by === 'budget' ? 'budget' : 'cool_down',
    until: closure.until,
  };

  if (isStarted(activity)) {
    const since = iso(optionalTsToDate(activity.lastStartedTime));
    const reason = activity.activityType?.name === 'pollStatus' ? 'provider_processing' : 'provider_call';
    return { reason, until: null, ...closed, since, attempt };
  }
  if (backsOff(activity, now)) {
    const since = optionalTsToDate(activity.lastAttemptCompleteTime) ?? scheduled;
    return { reason: reasonOf(activity), since: iso(since), until: iso(next), attempt };
  }
  return { reason: 'worker', until: null, ...closed, since: iso(next ?? scheduled), attempt };
}

/**
 * Whether the call budget may be what the request waits for. Work that may not be sent stays in its queue, because the
 * workers do not poll: to the server that looks like no worker. What a worker took too early waits in the activity.
 */
export function mayWaitForPermit({ pendingActivities }: Description, now: Date): boolean {
  const activity = pendingActivities?.[0];
  if (!activity) return false;
  if (!METERED.includes(activity.activityType?.name ?? '') && callOf(activity) !== 'bulk') return false;
  return isStarted(activity) ? sendsLater(activity) : !backsOff(activity, now);
}

/** How the last attempt of the pending activity ended, unless well or as "not yet". */
export function lastFailureOf({ pendingActivities }: Description): LastFailure | null {
  const failure = pendingActivities?.[0]?.lastFailure;
  if (!failure || failure.applicationFailureInfo?.type === STILL_PROCESSING) return null;
  const details = detailsOf(failure);
  return {
    failure: details?.failure ?? null,
    type: failure.applicationFailureInfo?.type ?? null,
    message: failure.message ?? '',
    statusCode: details?.statusCode ?? null,
  };
}

/** The workflow's own next step waits for a worker, unless one has it already. */
function waitingForWorker(task: Description['pendingWorkflowTask']): WaitingFor | null {
  if (!task || task.state === PENDING_WORKFLOW_TASK_STATE_STARTED) return null;
  const since = iso(optionalTsToDate(task.originalScheduledTime ?? task.scheduledTime));
  return { reason: 'worker', since, until: null, attempt: task.attempt ?? 1 };
}

function isStarted({ state }: Activity): boolean {
  return state === PENDING_ACTIVITY_STATE_STARTED;
}

/** Whether it is tried again at a time that has not come yet. */
function backsOff({ lastFailure, nextAttemptScheduleTime }: Activity, now: Date): boolean {
  const next = optionalTsToDate(nextAttemptScheduleTime);
  return Boolean(lastFailure && next && next > now);
}

/** Whether a `process` that runs says that its call has not left: its heartbeats carry CallProgress of activities/. */
function sendsLater({ activityType, heartbeatDetails }: Activity): boolean {
  if (activityType?.name !== 'process') return false;
  const progress = decoded<{ sending?: boolean; submission?: unknown }>(heartbeatDetails);
  return progress?.sending === false && !progress.submission;
}

function callOf({ activityOptions }: Activity): 'bulk' | 'other' {
  return activityOptions?.taskQueue?.name === TASK_QUEUES.bulk ? 'bulk' : 'other';
}

function reasonOf({ lastFailure }: Activity): WaitReason {
  if (lastFailure?.applicationFailureInfo?.type === STILL_PROCESSING) return 'provider_processing';
  const failure = detailsOf(lastFailure)?.failure;
  if (failure === 'overBudget') return 'budget';
  return failure && FAILURES[failure].next === 'wait' ? 'cool_down' : 'retry_backoff';
}

function detailsOf(failure: Activity['lastFailure']): ErrorDetails | undefined {
  return decoded<ErrorDetails>(failure?.applicationFailureInfo?.details);
}

function decoded<T>(payloads: Payloads | null | undefined): T | undefined {
  const payload = payloads?.payloads?.[0];
  return payload && (defaultPayloadConverter.fromPayload<T>(payload) ?? undefined);
}

function iso(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null;
}
