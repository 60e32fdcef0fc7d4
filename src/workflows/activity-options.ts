import type { RetryPolicy } from '@temporalio/common';
import { ActivityCancellationType, type ActivityOptions } from '@temporalio/workflow';
import type { ExternalApiActivities } from '../contract/activities.ts';
import type { TaskQueues } from '../contract/names.ts';
import type { Priority } from '../contract/values.ts';

/**
 * The activities count failures themselves and set `nextRetryDelay`; the policy is what applies when a worker dies. Its
 * coefficient is 1, because every poll and every wait for the call budget is an attempt, and would raise the exponent.
 */
const WORKER_DIED: RetryPolicy = { initialInterval: '1 second', backoffCoefficient: 1 };

/**
 * Every activity's queue, timeouts and retry policy. `maximumAttempts` stays unset: waiting for a rate limit or a poll is
 * an attempt to Temporal, but no failure to us.
 */
const OPTIONS: Record<keyof ExternalApiActivities, ActivityOptions & { taskQueue: keyof TaskQueues }> = {
  authenticate: {
    taskQueue: 'requests',
    startToCloseTimeout: '3 minutes',
    retry: WORKER_DIED,
  },
  process: {
    taskQueue: 'calls',
    startToCloseTimeout: '10 minutes',
    // The POST that is on its way is not cut: its answer says what became of it.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: WORKER_DIED,
  },
  pollStatus: {
    taskQueue: 'polls',
    startToCloseTimeout: '10 minutes',
    // A result must not wait until the poll that it makes needless has noticed.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: WORKER_DIED,
  },
  cancelSubmitted: {
    taskQueue: 'polls',
    startToCloseTimeout: '5 minutes',
    retry: WORKER_DIED,
  },
};

/**
 * Temporal's priority keys, within a queue: 1 goes first, 3 is the default. Servers that do not know them serve a queue in
 * order.
 */
const PRIORITY_KEYS: Record<keyof ExternalApiActivities, number> = {
  authenticate: 2,
  process: 2,
  pollStatus: 2,
  cancelSubmitted: 1,
};

/** A bulk request waits in its own queue with these; what the provider works on is asked for beside the others. */
const BEFORE_THE_WORK: readonly (keyof ExternalApiActivities)[] = ['authenticate', 'process'];

/** Temporal takes summaries of 200 bytes. */
const LONGEST_ID = 100;

/** What the provider calls its work, in a summary. */
export function shortened(providerRequestId: string): string {
  return providerRequestId.length <= LONGEST_ID ? providerRequestId : `${providerRequestId.slice(0, LONGEST_ID)}…`;
}

/** Options of one activity with `remainingMs` left of the request's deadline, shown in the Web UI as `summary`. */
export function activityOptions(
  activity: keyof ExternalApiActivities,
  remainingMs: number,
  summary: string,
  priority: Priority,
  queues: TaskQueues,
): ActivityOptions {
  const bulk = priority === 'bulk';
  const { taskQueue, ...options } = OPTIONS[activity];
  return {
    ...options,
    taskQueue: queues[bulk && BEFORE_THE_WORK.includes(activity) ? 'bulk' : taskQueue],
    priority: { priorityKey: PRIORITY_KEYS[activity] + (bulk ? 1 : 0) },
    // Finds a dead worker; the activities heartbeat every 2 to 3 s.
    heartbeatTimeout: '10 seconds',
    scheduleToCloseTimeout: remainingMs,
    summary,
  };
}
