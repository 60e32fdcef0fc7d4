import type { Worker, NativeConnection, WorkerOptions, WorkerTuner } from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import type { DeliveryActivities } from '../contract/delivery.ts';
import { queuesOf } from '../contract/names.ts';
import type { CallClass } from '../call-budget/rules.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { cachedBulkRequests } from './cached-requests.ts';
import { CallGate } from './call-gate.ts';
import { createDeliveryWorker } from './delivery-worker.ts';
import { DrainingWorker } from './draining-worker.ts';

export interface WorkersOptions {
  connection: NativeConnection;
  namespace: string;
  /** The name of the profile: only its requests are taken. Undefined: the built-in one. */
  profile: string | undefined;
  activities: Activities;
  /** Null: no results are delivered here. */
  deliver: DeliveryActivities['deliver'] | null;
  /** The one that the activities' provider client passes. */
  budget: CallBudget;
  /** The prebuilt bundle: a path, or the code itself. Built from `durable-external-api/workflows`. */
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
  /** Interactive requests whose workflow is kept in memory; bulk ones are a quarter of them more. */
  cachedRequests: number;
  /** So long what runs may go on after the Worker was told to end; then it is cancelled. */
  drainMs: number;
  /** Told when Temporal has refused the task polls of a queue: its Worker drains, and then fails. */
  onRefused: () => void;
}

/** Activities of one queue at the same time; the sockets, which all share, are fewer. */
const MAX_CALLS = 100;

/** Workflow tasks at the same time, as the SDK has it by default. */
const MAX_WORKFLOW_TASKS = 40;

/**
 * The Workers of one process, on one connection: workflows, with the activities that no budget holds back; submits;
 * calls about work that the provider has accepted; bulk requests; and deliveries, if it makes them. Each kind of calls has a queue and slots of its own,
 * so that none is behind another on any server.
 */
export async function createWorkers({
  connection,
  namespace,
  profile,
  activities,
  deliver,
  budget,
  workflowBundle,
  cachedRequests,
  drainMs,
  onRefused,
}: WorkersOptions): Promise<Worker[]> {
  const { authenticate, process, pollStatus, cancelSubmitted, findSubmitted } = activities;
  const { fallBack, invalidateAnswers, confirmUnsent } = activities;
  const queues = queuesOf(profile);
  const shared = {
    connection,
    namespace,
    shutdownGraceTime: drainMs,
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
  const create = (options: WorkerOptions & { taskQueue: string }) => DrainingWorker.start(options, onRefused);
  return await allOrNone([
    create({
      ...shared,
      ...workflows,
      maxCachedWorkflows: cachedRequests,
      taskQueue: queues.requests,
      activities: { authenticate, fallBack, invalidateAnswers, confirmUnsent },
    }),
    create({ ...shared, ...gated('interactive'), taskQueue: queues.calls, activities: { process } }),
    create({
      ...shared,
      ...gated('poll'),
      taskQueue: queues.polls,
      activities: { pollStatus, cancelSubmitted, findSubmitted },
    }),
    create({
      ...shared,
      ...workflows,
      maxCachedWorkflows: cachedBulkRequests(cachedRequests),
      ...gated('bulk'),
      taskQueue: queues.bulk,
      activities: { authenticate, process },
    }),
    ...(deliver === null ? [] : [createDeliveryWorker({ connection, namespace, deliver, onRefused })]),
  ]);
}

/** All Workers, or the failure of the first that cannot be made. Only a run lets go of the connection and of the process. */
async function allOrNone(creations: readonly Promise<Worker>[]): Promise<Worker[]> {
  try {
    return await Promise.all(creations);
  } catch (error) {
    await Promise.allSettled(creations.map(async (made) => (await made).runUntil(Promise.resolve())));
    throw error;
  }
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
