import { MAX_DECIDED_BY, MAX_DECISION_REASON } from '../contract/limits.ts';
import { isProviderRequestId, PROVIDER_REQUEST_ID_SHAPE } from '../contract/names.ts';
import type { RequestState, Resolution } from '../contract/request.ts';
import { DECISIONS } from '../contract/values.ts';

/** Why a decision cannot be taken. The type is that of the ApplicationFailure that rejects the update. */
export interface Refusal {
  type: 'NothingToDecide' | 'InvalidDecision';
  message: string;
}

/** Null when `decided` can be taken now. `taken`: another decision was made and is not carried out yet. */
export function refusalOf(decided: Resolution, state: RequestState, taken: boolean): Refusal | null {
  const { decision, providerRequestId, by, reason } = decided;
  if (!DECISIONS.includes(decision)) return invalid(`decision must be one of ${DECISIONS.join(', ')}`);
  if (decision === 'adopt' && (providerRequestId === null || !isProviderRequestId(providerRequestId))) {
    return invalid(`adopt needs the provider_request_id: ${PROVIDER_REQUEST_ID_SHAPE}`);
  }
  if (decision !== 'adopt' && providerRequestId !== null) return invalid(`${decision} takes no provider_request_id`);
  if (by.trim() === '' || reason.trim() === '') return invalid('who decides, and why, must be said');
  if (by.length > MAX_DECIDED_BY || reason.length > MAX_DECISION_REASON) {
    return invalid(`who decides takes at most ${MAX_DECIDED_BY} characters, and why at most ${MAX_DECISION_REASON}`);
  }
  if (state.status !== 'outcome_unknown') {
    return { type: 'NothingToDecide', message: `There is nothing to decide: the request is ${state.status}` };
  }
  if (taken) return { type: 'NothingToDecide', message: 'There is nothing to decide: somebody else has just decided' };
  return null;
}

function invalid(message: string): Refusal {
  return { type: 'InvalidDecision', message };
}
