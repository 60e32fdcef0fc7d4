import type { WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../../src/contract/names.ts';
import type { TestTemporal } from './temporal.ts';

interface Reset {
  temporal: TestTemporal;
}

/** As an operator does it by hand: what follows the first workflow task, and so the submit, is done anew. */
export async function resetToBeforeSubmit({ temporal }: Reset, requestId: string): Promise<void> {
  await resetAfter(temporal, requestId, () => true);
}

/**
 * The same, to the workflow task after the one that scheduled the activity: the new run finds it pending if there was such a
 * task before the activity was over, which a signal makes; else it finds it done.
 */
export async function resetToMid(
  activity: 'process' | 'pollStatus' | 'findSubmitted' | 'fallBack',
  { temporal }: Reset,
  requestId: string,
): Promise<void> {
  let isScheduled = false;
  await resetAfter(temporal, requestId, (event) => {
    const begun = isScheduled;
    isScheduled ||= event.activityTaskScheduledEventAttributes?.activityType?.name === activity;
    return begun;
  });
}

/** The same, to the workflow task that showed the question: the server gives the new run the decision again. */
export async function resetToDecision({ temporal }: Reset, requestId: string): Promise<void> {
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  const decided = events!.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const task = events!.findLastIndex((event, at) => at < decided && event.workflowTaskCompletedEventAttributes);
  await resetAfter(temporal, requestId, (event) => event.eventId!.eq(events![task]!.eventId!));
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type HistoryEvent = NonNullable<History['events']>[number];

/** To the first workflow task that was completed where `isThere` says so, asked of each event in order. */
async function resetAfter(
  { client }: TestTemporal,
  requestId: string,
  isThere: (event: HistoryEvent) => boolean,
): Promise<void> {
  const { namespace, identity } = client.options;
  const { events } = await client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
  const found = events?.find((event) => isThere(event) && event.workflowTaskCompletedEventAttributes);
  await client.workflowService.resetWorkflowExecution({
    namespace,
    identity,
    workflowExecution: { workflowId: workflowIdOf(requestId) },
    workflowTaskFinishEventId: found!.eventId!,
    requestId: `reset-${requestId}`,
    reason: 'by hand',
  });
}
