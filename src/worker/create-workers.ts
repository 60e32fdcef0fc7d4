import { Worker, type NativeConnection, type WorkerOptions, type WorkerTuner } from '@temporalio/worker';
import type { AnswerActivities, ExternalApiActivities } from '../contract/activities.ts';
import { TASK_QUEUES } from '../contract/names.ts';
import type { CallBudget } from '../provider/call-budget/call-budget.ts';
import { CallGate } from './call-gate.ts';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  activities: ExternalApiActivities & AnswerActivities;
  /** The one that the activities' provider client passes. */
  budget: CallBudget;
  /** The prebuilt bundle: a path, or the code itself. Built from `durable-external-api/workflows`. */
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
}

/** A POST that is on its way may take 30 s, and a token before it: so long a worker waits after SIGTERM. */
const DRAIN = '45 seconds';

/** Activities of one queue at the same time. */
const MAX_CALLS = 100;

/**
 * The three Workers of one process, on one connection: workflows, with the activities that no budget holds back; the calls that the provider
 * meters; and bulk submits, which stand in a queue of their own so that the others pass them on any server.
 */
export async function createWorkers({
  connection,
  namespace,
  activities,
  budget,
  workflowBundle,
}: WorkersOptions): Promise<Worker[]> {
  const { authenticate, fallBack, invalidateAnswers, ...calls } = activities;
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
      activities: { authenticate, fallBack, invalidateAnswers },
      // How long a status query waits for a dead worker that had the workflow in its cache.
      stickyQueueScheduleToStartTimeout: '1 second',
    }),
    ...(
      [
        [TASK_QUEUES.calls, 'interactive'],
        [TASK_QUEUES.bulk, 'bulk'],
      ] as const
    ).map(([taskQueue, callClass]) =>
      Worker.create({
        ...shared,
        taskQueue,
        activities: calls,
        tuner: tunerWith(new CallGate(budget, callClass, MAX_CALLS)),
        // Each open poll of a worker that hangs swallows a task until its heartbeat timeout; more polls bring no speed.
        activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
      }),
    ),
  ]);
}

/** The SDK wants all suppliers or none. These Workers have activities only. */
function tunerWith(gate: CallGate): WorkerTuner {
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return {
    activityTaskSlotSupplier: gate,
    workflowTaskSlotSupplier: none,
    localActivityTaskSlotSupplier: none,
    nexusTaskSlotSupplier: none,
  };
}
