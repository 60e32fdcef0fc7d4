import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../contract/names.ts';
import { RequestFinishedError } from './client-errors.ts';

/**
 * Asks the run that is there for its end. The SDK's own `cancel` takes no reason.
 * @throws RequestFinishedError
 */
export async function cancelRequest(client: Client, requestId: string, reason: string): Promise<void> {
  const { namespace, identity } = client.options;
  const workflowId = workflowIdOf(requestId);
  const { status, runId } = await client.workflow.getHandle(workflowId).describe();
  if (status.name !== 'RUNNING') throw new RequestFinishedError(requestId);
  await client.workflowService.requestCancelWorkflowExecution({
    namespace,
    identity,
    workflowExecution: { workflowId, runId },
    requestId: randomUUID(),
    reason,
  });
}
