import type { Client } from '@temporalio/client';
import { endedSnapshot, knownOf, withDefaults } from '../contract/ended-snapshot.ts';
import { STATUS_QUERY, workflowIdOf } from '../contract/names.ts';
import { type RequestSnapshot, type RequestState } from '../contract/request.ts';
import { retryIdOf } from './request-id.ts';
import type { BudgetAnswer, ProviderBudget } from './budget-source.ts';
import { endOf } from './finished-request.ts';
import { readHistory } from './server-history.ts';
import { queryOpen, readPending, readStatus } from './server-view.ts';
import { stateFromHistory } from './state-from-history.ts';
import { lastFailureOf, mayWaitForPermit, waitingFor, type LastFailure } from './waiting-for.ts';
import { isFailed, isTerminal } from '../contract/values.ts';

/** Of the whole reading. */
const READ_DEADLINE_MS = 5_000;
/** Takes milliseconds, so that a reader has an answer in time although no worker is there; a busy server's answer may come late. */
const HISTORY_DEADLINE_MS = 2_000;

/** How long workers may take, in milliseconds. */
export interface Patience {
  queryMs: number;
  budgetMs: number;
}

/** A status is there within 1.5 s, whoever is slow. */
export const QUICK: Patience = { queryMs: 1_000, budgetMs: 500 };
/** Who asks why wants to know of a worker that is slow. */
export const PATIENT: Patience = { queryMs: 2_000, budgetMs: 2_000 };

export interface Reading {
  snapshot: RequestSnapshot;
  /** How the last attempt of the running step ended, unless well. */
  lastFailure: LastFailure | null;
  /** What was said of the call budget, where it mattered and somebody was asked. */
  budget: BudgetAnswer | null;
}

/**
 * A request as it is now. `describe` and the query run side by side: the query has the workflow's state, and only
 * `describe` has what the server knows of the running activity. Where it matters whose it is, `describe` comes first, and
 * another's ends with it, as an unknown one does. Without a worker the state comes from the history, and is marked stale.
 * Makes no call to the provider.
 *
 * @param budgetOf asked only where the call budget may be what the request waits for; never rejects
 * @param tenant whose it must be; undefined: anybody's
 * @throws RequestNotFoundError
 */
export async function readSnapshot(
  client: Client,
  requestId: string,
  budgetOf: ProviderBudget,
  { queryMs, budgetMs }: Patience,
  tenant?: string,
): Promise<Reading> {
  const workflowId = workflowIdOf(requestId);
  const deadline = Date.now() + READ_DEADLINE_MS;
  const read = () => client.withDeadline(deadline, () => readPending(client, workflowId, { tenant }));
  const first = tenant === undefined ? null : await read();
  const queried = client
    .withDeadline(Date.now() + queryMs, () => queryOpen<RequestState>(client, workflowId, STATUS_QUERY))
    // No worker, or none that answers in time: the history says it instead.
    .catch(() => null);
  let view = first ?? (await read());
  const known = knownOf(view.memo);
  const { provider } = known;
  const isOpen = (): boolean => view.status === 'running';
  const now = new Date();
  const asked = isOpen() && mayWaitForPermit(view, now) ? budgetOf(provider)?.(budgetMs) : null;
  const fresh = isOpen() ? await queried : null;
  // A worker tells of an end before it is recorded, and may die before that: only the server's word is final.
  const foresees = fresh !== null && isTerminal(fresh.status);
  if (foresees) view = await read();
  if (!isOpen()) {
    const { state } = await client.withDeadline(deadline, () => endOf(client, requestId));
    const retriedBy = isFailed(state.status)
      ? await client.withDeadline(deadline, () => existingRetry(client, known.tenant, requestId))
      : null;
    return { snapshot: endedSnapshot(state, view.memo, retriedBy), lastFailure: null, budget: null };
  }
  const state = fresh === null || foresees ? await recordedState(client, requestId) : fresh;
  const budget = (await asked) ?? null;
  const waiting = waitingFor(state, view, budget?.view ?? null, now);
  const stale = fresh === null;
  const { cancelRequested } = view;
  const { hintedId } = view.memo;
  const hinted = state.status === 'outcome_unknown' && hintedId !== undefined ? { hintedId } : {};
  const snapshot = {
    ...withDefaults(state),
    ...known,
    waitingFor: waiting,
    stale,
    cancelRequested,
    retriedBy: null,
    ...hinted,
  };
  return { snapshot, lastFailure: lastFailureOf(view, state.status), budget };
}

/** The request that repeats this one; null: there is none. */
export async function existingRetry(client: Client, tenant: string, requestId: string): Promise<string | null> {
  const retryId = retryIdOf(tenant, requestId);
  return (await readStatus(client, workflowIdOf(retryId))) === null ? null : retryId;
}

/** Rejects rather than guess when the history does not come: a guess could be a step back. */
async function recordedState(client: Client, requestId: string): Promise<RequestState> {
  const read = () => readHistory(client, workflowIdOf(requestId));
  return stateFromHistory(requestId, await client.withDeadline(Date.now() + HISTORY_DEADLINE_MS, read));
}
