import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { ExternalApiActivities } from '../contract/activities.ts';
import { TASK_QUEUES } from '../contract/names.ts';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  activities: ExternalApiActivities;
  /** The prebuilt bundle: a path, or the code itself. Built from `durable-external-api/workflows`. */
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
}

/** A POST that is on its way may take 30 s, and a token before it: so long a worker waits after SIGTERM. */
const DRAIN = '45 seconds';

/**
 * The two Workers of one process, on one connection: workflows with `authenticate`, and the calls that the provider
 * meters. Two queues, because eager dispatch bypasses a queue's limits within that queue.
 */
export async function createWorkers({
  connection,
  namespace,
  activities,
  workflowBundle,
}: WorkersOptions): Promise<Worker[]> {
  const { authenticate, ...calls } = activities;
  const shared: Pick<WorkerOptions, 'connection' | 'namespace' | 'shutdownGraceTime' | 'maxHeartbeatThrottleInterval'> =
    {
      connection,
      namespace,
      shutdownGraceTime: DRAIN,
      // A cancellation reaches a running poll with its next heartbeat.
      maxHeartbeatThrottleInterval: '2 seconds',
    };
  return await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUES.requests,
      workflowBundle,
      activities: { authenticate },
      // How long a status query waits for a dead worker that had the workflow in its cache.
      stickyQueueScheduleToStartTimeout: '1 second',
    }),
    Worker.create({
      ...shared,
      taskQueue: TASK_QUEUES.calls,
      activities: calls,
      // Each open poll of a worker that hangs swallows a task until its heartbeat timeout; more polls bring no speed.
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    }),
  ]);
}
