import { json, problem } from './answer.ts';
import { now } from './clock.ts';
import type { Effect } from './exchange.ts';
import type { LedgerEntry } from './ledger.ts';
import { statusOf } from './jobs.ts';
import type { State } from './state.ts';

/** `GET /status/{request_id}`. A sync job has one too. */
export function statusEffect(state: State, requestId: string): Effect {
  return () => {
    const job = state.jobs.find(requestId);
    return job ? json(200, statusOf(job, now())) : problem(404, 'unknown request_id');
  };
}

/** `DELETE /status/{request_id}`: the job ends as failed, unless it had finished (409). */
export function cancelEffect(state: State, entry: LedgerEntry): Effect {
  return () => {
    const requestId = entry.providerRequestId ?? '';
    if (!state.jobs.find(requestId)) return problem(404, 'unknown request_id');
    entry.executed = state.jobs.cancel(requestId, now());
    return entry.executed ? json(200, { success: true, request_id: requestId }) : problem(409, 'it has finished');
  };
}

/** `GET /requests?key=`: works with that Idempotency-Key. */
export function listEffect(state: State, key: string): Effect {
  return () => {
    const requests = state.jobs.allWithKey(key).map(({ requestId, idempotencyKey }) => ({
      request_id: requestId,
      idempotency_key: idempotencyKey,
    }));
    return json(200, { requests });
  };
}
