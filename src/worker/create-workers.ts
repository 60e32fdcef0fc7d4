import { Worker, type NativeConnection, type WorkerOptions, type WorkerTuner } from '@temporalio/worker';
import type { AnswerActivities, ExternalApiActivities } from '../contract/activities.ts';
import { TASK_QUEUES } from '../contract/names.ts';
import type { CallClass } from '../provider/call-budget/budget.ts';
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

/** Workflow tasks at the same time, as the SDK has it by default. */
const MAX_WORKFLOW_TASKS = 40;

/**
 * The three Workers of one process, on one connection: workflows, with the activities that no budget holds back; the
 * calls that the provider meters; and bulk requests, in a queue of their own so that the others pass them on any server.
 */
export async function createWorkers({
  connection,
  namespace,
  activities,
  budget,
  workflowBundle,
}: WorkersOptions): Promise<Worker[]> {
  const { authenticate, fallBack, invalidateAnswers, ...calls } = activities;
  const shared = {
    connection,
    namespace,
    shutdownGraceTime: DRAIN,
    // A cancellation reaches a running poll with its next heartbeat.
    maxHeartbeatThrottleInterval: '2 seconds',
  } as const;
  const workflows = {
    workflowBundle,
    // How long a status query waits for a dead worker that had the workflow in its cache.
    stickyQueueScheduleToStartTimeout: '1 second',
  } as const;
  const gated = (callClass: CallClass) =>
    ({
      tuner: tunerWith(new CallGate(budget, callClass, MAX_CALLS)),
      // Each open poll of a worker that hangs swallows a task until its heartbeat timeout; more polls bring no speed.
      activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    }) as const;
  return await Promise.all([
    Worker.create({
      ...shared,
      ...workflows,
      taskQueue: TASK_QUEUES.requests,
      activities: { authenticate, fallBack, invalidateAnswers },
    }),
    Worker.create({ ...shared, ...gated('interactive'), taskQueue: TASK_QUEUES.calls, activities: calls }),
    Worker.create({
      ...shared,
      ...workflows,
      ...gated('bulk'),
      taskQueue: TASK_QUEUES.bulk,
      activities: { authenticate, process: calls.process },
    }),
  ]);
}

/** The SDK wants all suppliers or none. */
function tunerWith(gate: CallGate): WorkerTuner {
  const none = { type: 'fixed-size', numSlots: 1 } as const;
  return {
    activityTaskSlotSupplier: gate,
    workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: MAX_WORKFLOW_TASKS },
    localActivityTaskSlotSupplier: none,
    nexusTaskSlotSupplier: none,
  };
}
