import type { Client, WorkflowHandle } from '@temporalio/client';
import { DEFAULT_TENANT, STATUS_QUERY, type RequestMemo } from '../contract/names.ts';
import { isTerminal, type RequestSnapshot, type RequestState, type WaitingFor } from '../contract/request.ts';
import { endOf } from './finished-request.ts';
import { stateFromHistory } from './state-from-history.ts';
import { waitingFor } from './waiting-for.ts';

const DESCRIBE_DEADLINE_MS = 5_000;
const QUERY_DEADLINE_MS = 1_000;
/** Takes milliseconds, so that a reader has an answer within 1.5 s although no worker is there; a busy server's answer may come late. */
const HISTORY_DEADLINE_MS = 2_000;

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
  const describe = () => client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => handle.describe());
  let description = await describe();
  const isOpen = (): boolean => description.status.name === 'RUNNING';
  const fresh = isOpen() ? await queried : null;
  // A worker tells of an end before it is recorded, and may die before that: only the server's word is final.
  const foresees = fresh !== null && isTerminal(fresh.status);
  if (foresees) description = await describe();
  const tenant = (description.memo as RequestMemo | undefined)?.tenant ?? DEFAULT_TENANT;
  if (!isOpen()) {
    const { state } = await client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => endOf(requestId, handle));
    return snapshotOf(state, tenant, null, false);
  }
  const state = fresh === null || foresees ? await recordedState(client, requestId, handle) : fresh;
  return snapshotOf(state, tenant, waitingFor(state, description.raw, new Date()), fresh === null);
}

/** States of older workers lack what came later. */
function snapshotOf(state: RequestState, tenant: string, waiting: WaitingFor | null, stale: boolean): RequestSnapshot {
  const { cancellation = null, resolution = null } = state;
  return { ...state, cancellation, resolution, tenant, waitingFor: waiting, stale };
}

/** Rejects rather than guess when the history does not come: a guess could be a step back. */
async function recordedState(client: Client, requestId: string, handle: WorkflowHandle): Promise<RequestState> {
  const history = await client.withDeadline(Date.now() + HISTORY_DEADLINE_MS, () => handle.fetchHistory());
  return stateFromHistory(requestId, history);
}
