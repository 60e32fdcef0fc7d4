import { json, problem } from './answer.ts';
import { now } from './clock.ts';
import type { Effect } from './exchange.ts';
import { statusOf } from './jobs.ts';
import type { State } from './state.ts';

/** `GET /status/{request_id}`. A sync job has one too. */
export function statusEffect(state: State, requestId: string): Effect {
  return () => {
    const job = state.jobs.find(requestId);
    return job ? json(200, statusOf(job, now())) : problem(404, 'unknown request_id');
  };
}
