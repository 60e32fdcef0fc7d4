import type { Context } from '@temporalio/activity';
import { readPending, type PendingActivity } from '../client/server-view.ts';

/** The workflow run that an activity is a part of. */
export function ownExecution({ info }: Context): { workflowId: string; runId: string } {
  const { workflowId = '', runId = '' } = info.workflowExecution ?? {};
  return { workflowId, runId };
}

/** What the server knows of the submit of an activity's own workflow; null when it is over. */
export async function pendingSubmit(context: Context): Promise<PendingActivity | null> {
  const { workflowId, runId } = ownExecution(context);
  const { activities } = await readPending(context.client, workflowId, { ofRun: runId });
  return activities.find(({ name }) => name === 'process') ?? null;
}
