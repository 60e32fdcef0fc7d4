import { workflowIdOf } from '../../src/contract/names.ts';
import type { InProcessStack } from './in-process-stack.ts';

/** As an operator does it by hand: what follows the first workflow task, and so the submit, is done anew. */
export async function resetToBeforeSubmit({ temporal, events }: InProcessStack, requestId: string): Promise<void> {
  const { namespace, identity } = temporal.client.options;
  const first = (await events(requestId)).find((event) => event.workflowTaskCompletedEventAttributes);
  await temporal.client.workflowService.resetWorkflowExecution({
    namespace,
    identity,
    workflowExecution: { workflowId: workflowIdOf(requestId) },
    workflowTaskFinishEventId: first!.eventId!,
    requestId: `reset-${requestId}`,
    reason: 'by hand',
  });
}
