import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { DEFAULT_TENANT, STATUS_QUERY, type RequestMemo } from '../contract/names.ts';
import { isTerminal, type RequestSnapshot, type RequestState } from '../contract/request.ts';
import { endOf } from './finished-request.ts';
import { stateFromHistory } from './state-from-history.ts';
import { waitingFor } from './waiting-for.ts';

const DESCRIBE_DEADLINE_MS = 5_000;
const QUERY_DEADLINE_MS = 1_000;
/** With the query's deadline before it, a reader has an answer within 1.5 s although no worker is there. */
const HISTORY_DEADLINE_MS = 400;

/**
 * A request as it is now. `describe` and the query run side by side: the query has the workflow's state, and only
 * `describe` has what the server knows of the running activity. Without a worker the state comes from the history, and
 * is marked stale. Makes no call to the provider.
 */
export async function readSnapshot(
  client: Client,
  requestId: string,
  handle: WorkflowHandle,
): Promise<RequestSnapshot> {
  const queried = client
    .withDeadline(Date.now() + QUERY_DEADLINE_MS, () => handle.query<RequestState>(STATUS_QUERY))
    // No worker, or none that answers in time: the history says it instead.
    .catch(() => null);
  const description = await client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => handle.describe());
  const tenant = (description.memo as RequestMemo | undefined)?.tenant ?? DEFAULT_TENANT;
  if (description.status.name !== 'RUNNING') {
    const { state } = await client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => endOf(requestId, handle));
    return { ...state, tenant, waitingFor: null, stale: false };
  }
  const state = await queried;
  if (state && isTerminal(state.status)) return { ...state, tenant, waitingFor: null, stale: false };
  return {
    ...(state ?? (await staleState(client, requestId, handle, description))),
    tenant,
    waitingFor: waitingFor(description.raw, new Date()),
    stale: state === null,
  };
}

async function staleState(
  client: Client,
  requestId: string,
  handle: WorkflowHandle,
  description: WorkflowExecutionDescription,
): Promise<RequestState> {
  const deadline = Date.now() + HISTORY_DEADLINE_MS;
  try {
    return stateFromHistory(requestId, await client.withDeadline(deadline, () => handle.fetchHistory()));
  } catch {
    // The server answered `describe` and then not this: what `describe` said is still true.
    const startedAt = description.startTime.toISOString();
    return { ...stateFromHistory(requestId, {}), createdAt: startedAt, updatedAt: startedAt };
  }
}
