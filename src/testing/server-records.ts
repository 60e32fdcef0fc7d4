import { SEARCH_ATTRIBUTES, TASK_QUEUES, WORKFLOW_TYPE, workflowIdOf } from '../contract/names.ts';
import type { FakeRequest } from './fake-request.ts';
import { fieldsOf, timestampOf } from './temporal-messages.ts';
import type { Attributes } from './visibility-query.ts';

/** What a Temporal server tells of a request: as its description, in a list, and to filter by. */

/** By `temporal.api.enums.v1.WorkflowExecutionStatus`, as list filters name them. */
const STATUS_NAMES = ['', 'Running', 'Completed', 'Failed', 'Canceled'];

/** `temporal.api.workflow.v1.WorkflowExecutionInfo` */
export function infoOf({ args, memo, attention, state, statusCode }: FakeRequest, runId: string): object {
  const attributes = {
    [SEARCH_ATTRIBUTES.tenant]: args.tenant,
    ...(attention !== null && { [SEARCH_ATTRIBUTES.attention]: attention }),
  };
  return {
    execution: { workflowId: workflowIdOf(args.requestId), runId },
    type: { name: WORKFLOW_TYPE },
    status: statusCode,
    startTime: timestampOf(state.createdAt),
    ...(state.completedAt !== null && { closeTime: timestampOf(state.completedAt) }),
    historyLength: 1,
    historySizeBytes: 1,
    memo: fieldsOf(memo),
    searchAttributes: { indexedFields: fieldsOf(attributes).fields },
  };
}

/** `temporal.api.workflow.v1.PendingActivityInfo` of a request whose provider works on it. */
export function pollOf({ state }: FakeRequest): object {
  const since = timestampOf(state.updatedAt);
  return {
    activityId: 'poll',
    activityType: { name: 'pollStatus' },
    state: 'PENDING_ACTIVITY_STATE_STARTED',
    attempt: 1,
    scheduledTime: since,
    lastStartedTime: since,
    activityOptions: { taskQueue: { name: TASK_QUEUES.polls } },
  };
}

export function attributesOf({ args, attention, state, statusCode }: FakeRequest): Attributes {
  return {
    WorkflowType: WORKFLOW_TYPE,
    ExecutionStatus: STATUS_NAMES[statusCode] ?? null,
    StartTime: state.createdAt,
    CloseTime: state.completedAt,
    [SEARCH_ATTRIBUTES.tenant]: args.tenant,
    [SEARCH_ATTRIBUTES.attention]: attention,
  };
}

/** As the server sorts: what runs, the latest started first, then what has ended, the latest ended first. */
export function byAge({ state: one }: FakeRequest, { state: other }: FakeRequest): number {
  const [end, otherEnd] = [one.completedAt ?? '~', other.completedAt ?? '~'];
  return otherEnd.localeCompare(end) || other.createdAt.localeCompare(one.createdAt);
}
