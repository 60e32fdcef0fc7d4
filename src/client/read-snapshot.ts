import type { Client, WorkflowHandle } from '@temporalio/client';
import type { BudgetView } from '../contract/budget-view.ts';
import { DEFAULT_TENANT, STATUS_QUERY, type RequestMemo } from '../contract/names.ts';
import { isTerminal, type RequestSnapshot, type RequestState, type WaitingFor } from '../contract/request.ts';
import { endOf } from './finished-request.ts';
import { stateFromHistory } from './state-from-history.ts';
import { lastFailureOf, mayWaitForPermit, waitingFor, type LastFailure } from './waiting-for.ts';

const DESCRIBE_DEADLINE_MS = 5_000;
const QUERY_DEADLINE_MS = 1_000;
/** Takes milliseconds, so that a reader has an answer within 1.5 s although no worker is there; a busy server's answer may come late. */
const HISTORY_DEADLINE_MS = 2_000;

export interface Reading {
  snapshot: RequestSnapshot;
  /** How the last attempt of the running step ended, unless well. */
  lastFailure: LastFailure | null;
  /** What the call budget said, where it mattered and somebody said it. */
  budget: BudgetView | null;
}

/**
 * A request as it is now. `describe` and the query run side by side: the query has the workflow's state, and only
 * `describe` has what the server knows of the running activity. Without a worker the state comes from the history, and
 * is marked stale. Makes no call to the provider.
 *
 * @param readBudget asked only where the call budget may be what the request waits for; never rejects
 */
export async function readSnapshot(
  client: Client,
  requestId: string,
  handle: WorkflowHandle,
  readBudget: () => Promise<BudgetView | null>,
): Promise<Reading> {
  const queried = client
    .withDeadline(Date.now() + QUERY_DEADLINE_MS, () => handle.query<RequestState>(STATUS_QUERY))
    // No worker, or none that answers in time: the history says it instead.
    .catch(() => null);
  const describe = () => client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => handle.describe());
  let description = await describe();
  const isOpen = (): boolean => description.status.name === 'RUNNING';
  const now = new Date();
  const asked = isOpen() && mayWaitForPermit(description.raw, now) ? readBudget() : null;
  const fresh = isOpen() ? await queried : null;
  // A worker tells of an end before it is recorded, and may die before that: only the server's word is final.
  const foresees = fresh !== null && isTerminal(fresh.status);
  if (foresees) description = await describe();
  const tenant = (description.memo as RequestMemo | undefined)?.tenant ?? DEFAULT_TENANT;
  if (!isOpen()) {
    const { state } = await client.withDeadline(Date.now() + DESCRIBE_DEADLINE_MS, () => endOf(requestId, handle));
    return { snapshot: snapshotOf(state, tenant, null, false), lastFailure: null, budget: null };
  }
  const state = fresh === null || foresees ? await recordedState(client, requestId, handle) : fresh;
  const budget = await asked;
  const waiting = waitingFor(state, description.raw, budget, now);
  const snapshot = snapshotOf(state, tenant, waiting, fresh === null);
  return { snapshot, lastFailure: lastFailureOf(description.raw), budget };
}

/** States of older workers lack what came later. */
function snapshotOf(state: RequestState, tenant: string, waiting: WaitingFor | null, stale: boolean): RequestSnapshot {
  const { cachedAt = null, cancellation = null, resolution = null } = state;
  return { ...state, cachedAt, cancellation, resolution, tenant, waitingFor: waiting, stale };
}

/** Rejects rather than guess when the history does not come: a guess could be a step back. */
async function recordedState(client: Client, requestId: string, handle: WorkflowHandle): Promise<RequestState> {
  const history = await client.withDeadline(Date.now() + HISTORY_DEADLINE_MS, () => handle.fetchHistory());
  return stateFromHistory(requestId, history);
}
