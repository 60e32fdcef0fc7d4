import type { Client, WorkflowHandle } from '@temporalio/client';
import { decodeRetryState, type RetryState } from '@temporalio/common';
import type { ProcessRequestArgs } from '../contract/request.ts';
import { errorOf, firstValueOf } from './decode-payloads.ts';
import { activityContext, iso } from './server-view.ts';

/** The history of a request, in plain words. */

export type RawHistory = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type RawEvent = NonNullable<RawHistory['events']>[number];

/** One event of a history, as far as it tells of a request's state. */
export type HistoryEvent = { at: string } & (
  | { type: 'started'; adopts: boolean }
  | { type: 'activity_scheduled'; activity: string; input: unknown }
  | { type: 'activity_completed'; activity: string; result: unknown }
  /** Failed for good, or timed out. */
  | { type: 'activity_failed'; activity: string; cause: Error | undefined; retryState: RetryState }
  /** A person decided on an unknown outcome. */
  | { type: 'decided' }
  | { type: 'cancel_requested' }
  /** The workflow ended without a result. */
  | { type: 'closed' }
  | { type: 'other' }
);

export async function readHistory(client: Client, workflowId: string): Promise<HistoryEvent[]> {
  return await plainHistory(client, workflowId, await client.workflow.getHandle(workflowId).fetchHistory());
}

/**
 * What happened since `after`; null: from the beginning. Waits for it as long as the server lets one, some 20 s.
 * @returns `stepped`: the workflow made a step, or its run ended; `next`: where to go on, null: with its next run
 */
export async function nextEvents(
  client: Client,
  workflowId: string,
  after: Uint8Array | null,
): Promise<{ stepped: boolean; next: Uint8Array | null }> {
  const { history, nextPageToken } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId },
    waitNewEvent: true,
    ...(after && { nextPageToken: after }),
  });
  const next = nextPageToken?.length ? nextPageToken : null;
  const stepped = next === null || (history?.events ?? []).some((event) => event.workflowTaskCompletedEventAttributes);
  return { stepped, next };
}

const CLOSING = [
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
  'workflowExecutionFailedEventAttributes',
] as const;

/** @param client brings the data converter; it makes no call */
export async function plainHistory(
  client: Client,
  workflowId: string,
  { events }: RawHistory,
): Promise<HistoryEvent[]> {
  const scheduled = new Map<string, { activity: string; id: string }>();
  const plain = async (event: RawEvent): Promise<HistoryEvent> => {
    const at = iso(event.eventTime) ?? new Date(0).toISOString();
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun) {
      const activity = begun.activityType?.name ?? '';
      const id = begun.activityId ?? '';
      scheduled.set(String(event.eventId), { activity, id });
      const input = await firstValueOf(client, begun.input, activityContext(client, workflowId, id));
      return { at, type: 'activity_scheduled', activity, input };
    }
    const completed = event.activityTaskCompletedEventAttributes;
    const lost = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    const { activity = '', id = '' } = scheduled.get(String((completed ?? lost)?.scheduledEventId)) ?? {};
    const context = activityContext(client, workflowId, id);
    if (completed) {
      return {
        at,
        type: 'activity_completed',
        activity,
        result: await firstValueOf(client, completed.result, context),
      };
    }
    if (lost) {
      const cause = lost.failure ? await errorOf(client, lost.failure, context) : undefined;
      return { at, type: 'activity_failed', activity, cause, retryState: decodeRetryState(lost.retryState) };
    }
    const start = event.workflowExecutionStartedEventAttributes;
    if (start) {
      const { namespace } = client.options;
      const args = await firstValueOf(client, start.input, { type: 'workflow', namespace, workflowId });
      const { adopt = null } = (args ?? {}) as Partial<ProcessRequestArgs>;
      return { at, type: 'started', adopts: adopt !== null };
    }
    // The only update there is.
    if (event.workflowExecutionUpdateAcceptedEventAttributes) return { at, type: 'decided' };
    if (event.workflowExecutionCancelRequestedEventAttributes) return { at, type: 'cancel_requested' };
    return { at, type: CLOSING.some((attributes) => event[attributes]) ? 'closed' : 'other' };
  };
  const history: HistoryEvent[] = [];
  // One after the other: what ends an activity names the event that began it.
  for (const event of events ?? []) history.push(await plain(event));
  return history;
}
