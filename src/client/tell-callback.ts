import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { CALLBACK_SIGNAL, workflowIdOf } from '../contract/names.ts';
import type { CallbackHint } from '../contract/request.ts';
import { isSignalLimit } from './temporal-errors.ts';

/** `full`: the server keeps no more signals of this request, which asks by its plan. */
export type CallbackTold = 'told' | 'ended' | 'full';

/** Tells a request what a provider says, if it still runs. @throws WorkflowNotFoundError when there is none */
export async function tellCallback(client: Client, requestId: string, hint: CallbackHint): Promise<CallbackTold> {
  const workflow = client.workflow.getHandle(workflowIdOf(requestId));
  try {
    await workflow.signal(CALLBACK_SIGNAL, hint);
    return 'told';
  } catch (error) {
    if (isSignalLimit(error)) return 'full';
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    // The server says the same of one that has ended and of one that never was.
    await workflow.describe();
    return 'ended';
  }
}
