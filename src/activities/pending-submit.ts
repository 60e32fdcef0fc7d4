import type { Context } from '@temporalio/activity';
import { readPending, type PendingActivity } from '../client/server-view.ts';

/** What the server knows of the submit of an activity's own workflow; null when it is over. */
export async function pendingSubmit({ client, info }: Context): Promise<PendingActivity | null> {
  const workflowId = info.workflowExecution?.workflowId ?? '';
  const { activities } = await readPending(client, workflowId, info.workflowExecution?.runId);
  return activities.find(({ name }) => name === 'process') ?? null;
}
