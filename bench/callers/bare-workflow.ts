import { Client, Connection } from '@temporalio/client';
import { BARE_QUEUES, BARE_WORKFLOW } from '../bare-workflow.ts';
import { type Caller, type CallerEnvironment, temporalAddressOf } from './caller.ts';

/** Starts a bare workflow for each call and waits for its result. It is always polled. */
export function createBareWorkflowCaller(environment: CallerEnvironment): Caller {
  const connection = Connection.lazy({ address: temporalAddressOf(environment) });
  const client = new Client({ connection, namespace: 'default' });
  return async ({ id, data }) => {
    const workflowId = `bare/${id}`;
    const taskQueue = BARE_QUEUES.requests;
    await client.workflow.execute(BARE_WORKFLOW, { workflowId, taskQueue, args: [{ id, data }] });
    return { workflowId };
  };
}
