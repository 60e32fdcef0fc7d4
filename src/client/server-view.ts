import { WorkflowClient, type Client, type WorkflowHandle } from '@temporalio/client';
import type { SerializationContext } from '@temporalio/common';
import { requestIdOf, SEARCH_ATTRIBUTES, tenantOf, type RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs } from '../contract/request.ts';
import { ForeignRequestError, RequestNotFoundError } from './client-errors.ts';
import { isNotProvided, translated } from './temporal-errors.ts';
import { failureOf, firstValueOf, searchAttributeOf, valueOf, type AttemptFailure } from './decode-payloads.ts';

/**
 * What the Temporal server knows of a request, in plain words: only this and server-history.ts read its protobufs.
 * Times are ISO 8601, UTC. Everything here throws what the Temporal client throws.
 */

type Description = Awaited<ReturnType<WorkflowHandle['describe']>>['raw'];
type RawActivity = NonNullable<Description['pendingActivities']>[number];
type RawTask = Description['pendingWorkflowTask'];
type Page = Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>;
type RawExecution = NonNullable<Page['executions']>[number];
type Timestamp = RawExecution['startTime'];

/** `temporal.api.enums.v1.WorkflowExecutionStatus`, by number. A paused workflow goes on once it is unpaused. */
const STATUSES = [
  'running',
  'running',
  'completed',
  'failed',
  'cancelled',
  'terminated',
  'continued_as_new',
  'timed_out',
  'running',
] as const;
export type ServerStatus = (typeof STATUSES)[number];

/** `temporal.api.enums.v1.PendingActivityState`, by number. One whose pause is asked for still runs. */
const ACTIVITY_STATES = ['scheduled', 'scheduled', 'started', 'cancel_requested', 'paused', 'started'] as const;

const PENDING_WORKFLOW_TASK_STATE_STARTED = 2;

/** An activity that has not ended. */
export interface PendingActivity {
  id: string;
  name: string;
  /** `cancel_requested` hides whether an attempt runs. */
  state: (typeof ACTIVITY_STATES)[number];
  /** From 1; of the attempt that runs, or else of the next. */
  attempt: number;
  /** Null: a server too old to say. */
  taskQueue: string | null;
  scheduledAt: string | null;
  lastStartedAt: string | null;
  lastAttemptCompletedAt: string | null;
  nextAttemptAt: string | null;
  /** The latest that the server has; undefined: none. */
  heartbeat: unknown;
  lastFailure: AttemptFailure | null;
  /** Who had it last; null: nobody ever. An operator's reset does not change it. */
  lastWorker: string | null;
  /** Since when an operator has it paused; null: it is not. An attempt that runs goes on. */
  pausedAt: string | null;
}

/** A workflow's own next step. */
export interface PendingTask {
  isStarted: boolean;
  /** From 1; the server counts on after a failure and after a worker that did not answer. */
  attempt: number;
  scheduledAt: string | null;
}

export interface WorkflowView {
  runId: string;
  status: ServerStatus;
  memo: Partial<RequestMemo>;
  activities: PendingActivity[];
  task: PendingTask | null;
  /** Whether somebody asked for its end, also where no worker has seen that yet. */
  cancelRequested: boolean;
}

/**
 * A workflow as the server describes it now, with what it has pending.
 * @throws ForeignRequestError, before more of it is read, where it is not of the tenant that is named
 */
export async function readPending(
  client: Client,
  workflowId: string,
  { ofRun, tenant }: { ofRun?: string; tenant?: string | undefined } = {},
): Promise<WorkflowView> {
  const { raw, runId, memo, status } = await client.workflow.getHandle(workflowId, ofRun).describe();
  if (tenant !== undefined && tenantOf(memo ?? {}) !== tenant) throw new ForeignRequestError(requestIdOf(workflowId));
  const activities = await Promise.all(
    (raw.pendingActivities ?? []).map((one) => pendingActivity(client, workflowId, one)),
  );
  return {
    runId,
    status: statusOf(status.code),
    memo: memo ?? {},
    activities,
    task: pendingTask(raw.pendingWorkflowTask),
    cancelRequested: raw.workflowExtendedInfo?.cancelRequested === true,
  };
}

/** What a running workflow says of itself. One that has ended is not asked: a worker would replay all of it. */
export async function queryOpen<Answer>(client: Client, workflowId: string, query: string): Promise<Answer> {
  const { connection, options } = client;
  const asking = new WorkflowClient({
    ...client.workflow.options,
    connection,
    dataConverter: options.loadedDataConverter,
    queryRejectCondition: 'NOT_OPEN',
  });
  return await asking.getHandle(workflowId).query<Answer>(query);
}

/** How far the workflow is; null: there is none. */
export async function readStatus(client: Client, workflowId: string): Promise<ServerStatus | null> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return statusOf(status.code);
  } catch (error) {
    if (translated(error, '') instanceof RequestNotFoundError) return null;
    throw error;
  }
}

/** Whether the workflow has not ended; null: there is none. */
export async function isRunning(client: Client, workflowId: string): Promise<boolean | null> {
  const status = await readStatus(client, workflowId);
  return status && status === 'running';
}

/** Why we pause a submit ourselves. */
export const HELD_FOR_CANCEL = 'the request is being cancelled';

/**
 * Keeps workers from getting an activity; an attempt that runs goes on. False: this server cannot, or does not let us.
 * (Temporal, "Activity Operations", from server 1.28 on.)
 */
export async function pauseActivity(
  { workflowService, options: { namespace, identity } }: Client,
  execution: { workflowId: string; runId: string },
  id: string,
  reason: string,
): Promise<boolean> {
  try {
    await workflowService.pauseActivity({ namespace, identity, execution, id, reason });
    return true;
  } catch (error) {
    // It ended in this moment: nobody gets it any more.
    if (translated(error, '') instanceof RequestNotFoundError) return true;
    if (isNotProvided(error)) return false;
    throw error;
  }
}

/** Undoes {@link pauseActivity}. That the activity has ended is no error. */
export async function unpauseActivity(
  { workflowService, options: { namespace, identity } }: Client,
  execution: { workflowId: string; runId: string },
  id: string,
): Promise<void> {
  await workflowService.unpauseActivity({ namespace, identity, execution, id }).catch((error: unknown) => {
    if (!(translated(error, '') instanceof RequestNotFoundError)) throw error;
  });
}

async function pendingActivity(client: Client, workflowId: string, raw: RawActivity): Promise<PendingActivity> {
  const id = raw.activityId ?? '';
  const context = activityContext(client, workflowId, id);
  return {
    id,
    name: raw.activityType?.name ?? '',
    state: ACTIVITY_STATES[raw.state ?? 0] ?? 'scheduled',
    attempt: raw.attempt ?? 1,
    taskQueue: raw.activityOptions?.taskQueue?.name ?? null,
    scheduledAt: iso(raw.scheduledTime),
    lastStartedAt: iso(raw.lastStartedTime),
    lastAttemptCompletedAt: iso(raw.lastAttemptCompleteTime),
    nextAttemptAt: iso(raw.nextAttemptScheduleTime),
    heartbeat: await firstValueOf(client, raw.heartbeatDetails, context),
    lastFailure: raw.lastFailure ? await failureOf(client, raw.lastFailure, context) : null,
    lastWorker: raw.lastWorkerIdentity || null,
    pausedAt: isPausedByPerson(raw) ? iso(raw.pauseInfo?.pauseTime ?? raw.scheduledTime) : null,
  };
}

function isPausedByPerson({ paused, pauseInfo }: RawActivity): boolean {
  return paused === true && pauseInfo?.manual?.reason !== HELD_FOR_CANCEL;
}

function pendingTask(raw: RawTask): PendingTask | null {
  if (!raw) return null;
  return {
    isStarted: raw.state === PENDING_WORKFLOW_TASK_STATE_STARTED,
    attempt: raw.attempt ?? 1,
    scheduledAt: iso(raw.originalScheduledTime ?? raw.scheduledTime),
  };
}

/** What a request was started with: its history's first event. */
export async function readStart<Args = ProcessRequestArgs>(
  client: Client,
  workflowId: string,
): Promise<{ args: Args; memo: RequestMemo }> {
  const { namespace } = client.options;
  const asked = { namespace, execution: { workflowId }, maximumPageSize: 1 };
  const { history } = await client.workflowService.getWorkflowExecutionHistory(asked);
  const start = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const context = { type: 'workflow', namespace, workflowId } as const;
  return {
    args: (await firstValueOf(client, start?.input, context)) as Args,
    memo: (await memoOf(client, start?.memo, context)) as RequestMemo,
  };
}

/** A workflow as a list shows it. */
export interface ListedWorkflow {
  workflowId: string;
  runId: string;
  status: ServerStatus;
  memo: Partial<RequestMemo>;
  /** The search attribute; null: not set. */
  attention: string | null;
  startedAt: string;
  closedAt: string | null;
}

/** @param token where an earlier page ended; empty: at the beginning. An empty `nextToken` ends the list */
export async function listPage(
  client: Client,
  query: string,
  pageSize: number,
  token: Buffer,
): Promise<{ workflows: ListedWorkflow[]; nextToken: Buffer }> {
  const { namespace } = client.options;
  const asked = { namespace, query, pageSize, nextPageToken: token };
  const page = await client.workflowService.listWorkflowExecutions(asked);
  const workflows = await Promise.all((page.executions ?? []).map((one) => listedWorkflow(client, one)));
  return { workflows, nextToken: Buffer.from(page.nextPageToken ?? []) };
}

async function listedWorkflow(client: Client, raw: RawExecution): Promise<ListedWorkflow> {
  const workflowId = raw.execution?.workflowId ?? '';
  const context = { type: 'workflow', namespace: client.options.namespace, workflowId } as const;
  const attention = searchAttributeOf(raw.searchAttributes?.indexedFields?.[SEARCH_ATTRIBUTES.attention]);
  return {
    workflowId,
    runId: raw.execution?.runId ?? '',
    status: statusOf(raw.status),
    memo: await memoOf(client, raw.memo, context),
    attention: typeof attention === 'string' ? attention : null,
    startedAt: iso(raw.startTime) ?? '',
    closedAt: iso(raw.closeTime),
  };
}

async function memoOf(
  client: Client,
  memo: RawExecution['memo'],
  context: SerializationContext,
): Promise<Partial<RequestMemo>> {
  const values = Object.entries(memo?.fields ?? {}).map(
    async ([name, payload]) => [name, await valueOf(client, payload, context)] as const,
  );
  return Object.fromEntries(await Promise.all(values));
}

export function activityContext({ options: { namespace } }: Client, workflowId: string, activityId: string) {
  return { type: 'activity', namespace, workflowId, activityId, isLocal: false } as const;
}

function statusOf(code: number | null | undefined): ServerStatus {
  return STATUSES[code ?? 0] ?? 'running';
}

export function iso(time: Timestamp): string | null {
  if (!time) return null;
  return new Date(Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6)).toISOString();
}
