import type {
  CallProgress,
  ExternalApiActivities,
  LookupActivities,
  PollProgress,
  ServerActivities,
  SubmitProgress,
} from '../contract/activities.ts';
import { closureOf, type BudgetView } from '../contract/budget-view.ts';
import { FAILURES, STILL_PROCESSING, type FailureName, type FailureRow } from '../contract/failures.ts';
import { isBulkQueue } from '../contract/names.ts';
import type { RequestState, WaitingFor } from '../contract/request.ts';
import type { RequestStatus, WaitReason } from '../contract/values.ts';
import type { PendingActivity, PendingTask, WorkflowView } from './server-view.ts';

type Pending = Pick<WorkflowView, 'activities' | 'task'>;

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
  pending: Pending,
  budget: BudgetView | null,
  now: Date,
): WaitingFor | null {
  const { task } = pending;
  if (task !== null && task.attempt > 1) {
    return { reason: 'task_failing', since: task.scheduledAt, until: null, attempt: task.attempt, calls: 0 };
  }
  if (state.status === 'outcome_unknown') {
    const until = state.holdUntil ?? null;
    return { reason: 'outcome_unknown', since: state.updatedAt, until, attempt: 1, calls: lookups(pending) };
  }
  const activity = stepOf(pending);
  if (!activity) return waitingForWorker(task);
  const { scheduledAt, nextAttemptAt } = activity;
  const counts = { attempt: activity.attempt, calls: callsOf(activity) };
  const closure = budget && mayWaitForPermit(pending, now) ? closureOf(budget, callOf(activity)) : null;
  const closed: Pick<WaitingFor, 'reason' | 'until'> | null = closure && {
    reason: closure.by === 'budget' ? 'budget' : 'cool_down',
    until: closure.until,
  };

  if (isStarted(activity)) {
    const reason = activity.name === 'pollStatus' ? 'provider_processing' : 'provider_call';
    return { reason, until: null, ...closed, since: activity.lastStartedAt, ...counts, ...providerStatus(activity) };
  }
  if (activity.pausedAt !== null) return { reason: 'paused', since: activity.pausedAt, until: null, ...counts };
  if (backsOff(activity, now)) {
    const since = activity.lastAttemptCompletedAt ?? scheduledAt;
    return { reason: reasonOf(activity), since, until: nextAttemptAt, ...counts, ...providerStatus(activity) };
  }
  return { reason: 'worker', until: null, ...closed, since: nextAttemptAt ?? scheduledAt, ...counts };
}

/**
 * Whether the call budget may be what the request waits for. Work that may not be sent stays in its queue, because the
 * workers do not poll: to the server that looks like no worker. What a worker took too early waits in the activity.
 */
export function mayWaitForPermit(pending: Pending, now: Date): boolean {
  const activity = stepOf(pending);
  if (!activity) return false;
  if (!METERED.includes(activity.name) && callOf(activity) !== 'bulk') return false;
  return isStarted(activity) ? sendsLater(activity) : activity.pausedAt === null && !backsOff(activity, now);
}

/** How the last attempt of what the request waits for ended, unless well or as "not yet". */
export function lastFailureOf(pending: Pending, status: RequestStatus): LastFailure | null {
  const failure = (status === 'outcome_unknown' ? lookupOf(pending) : stepOf(pending))?.lastFailure;
  if (!failure || failure.type === STILL_PROCESSING) return null;
  const { type, message, details } = failure;
  return { failure: details?.failure ?? null, type, message, statusCode: details?.statusCode ?? null };
}

/** What is asked about a step, beside it: before it is cancelled, and when its outcome is unknown. */
const QUESTION: keyof ServerActivities = 'confirmUnsent';
const LOOKUP: keyof LookupActivities = 'findSubmitted';

/** The step that the request is in. */
function stepOf({ activities }: Pending): PendingActivity | undefined {
  return activities.find(({ name }) => name !== QUESTION && name !== LOOKUP);
}

/** It may be there for a moment longer than the question is open. */
function lookupOf({ activities }: Pending): PendingActivity | undefined {
  return activities.find(({ name }) => name === LOOKUP);
}

/** The workflow's own next step waits for a worker, unless one has it already. */
function waitingForWorker(task: PendingTask | null): WaitingFor | null {
  if (!task || task.isStarted) return null;
  return { reason: 'worker', since: task.scheduledAt, until: null, attempt: task.attempt, calls: 0 };
}

/** Which the worker of the step left in its last record. */
function callsOf({ name, heartbeat }: PendingActivity): number {
  const { calls = 0, tokenCalls = 0 } = (heartbeat ?? {}) as Partial<CallProgress>;
  const authenticate: keyof ExternalApiActivities = 'authenticate';
  return name === authenticate ? tokenCalls : calls;
}

/** What the provider said of the work when it was asked last. */
function providerStatus({ name, heartbeat }: PendingActivity): Pick<WaitingFor, 'providerStatus'> {
  const poll: keyof ExternalApiActivities = 'pollStatus';
  const { status = null } = (name === poll ? (heartbeat ?? {}) : {}) as Partial<PollProgress>;
  return status === null ? {} : { providerStatus: status };
}

/** Calls so far that look for the work of an unknown outcome. */
function lookups(pending: Pending): number {
  const lookup = lookupOf(pending);
  return lookup === undefined ? 0 : callsOf(lookup);
}

function isStarted({ state }: PendingActivity): boolean {
  return state === 'started';
}

/** Whether it is tried again at a time that has not come yet. */
function backsOff({ lastFailure, nextAttemptAt }: PendingActivity, now: Date): boolean {
  return lastFailure !== null && nextAttemptAt !== null && Date.parse(nextAttemptAt) > now.getTime();
}

/** Whether a `process` that runs says that its call has not left. */
function sendsLater({ name, heartbeat }: PendingActivity): boolean {
  return name === 'process' && (heartbeat as Partial<SubmitProgress> | null | undefined)?.sending === false;
}

function callOf({ taskQueue }: PendingActivity): 'bulk' | 'other' {
  return taskQueue !== null && isBulkQueue(taskQueue) ? 'bulk' : 'other';
}

function reasonOf({ lastFailure }: PendingActivity): WaitReason {
  if (lastFailure?.type === STILL_PROCESSING) return 'provider_processing';
  const failure = lastFailure?.details?.failure;
  if (failure === 'overBudget') return 'budget';
  return failure && isAskedFor(FAILURES[failure]) ? 'cool_down' : 'retry_backoff';
}

/** Whether the provider wants the wait, or our turn has not come: what fails on our own side is tried again. */
function isAskedFor({ next, budget, benign }: FailureRow): boolean {
  return next === 'wait' && (budget !== 'unsent' || benign);
}
