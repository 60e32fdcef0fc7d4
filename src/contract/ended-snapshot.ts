import { tenantOf, type RequestMemo } from './names.ts';
import type { RequestSnapshot, RequestState } from './request.ts';

/** A request that has ended, as a reader sees it. @param retriedBy the request that repeats it */
export function endedSnapshot(
  state: RequestState,
  memo: Partial<RequestMemo>,
  retriedBy: string | null,
): RequestSnapshot {
  const ended = { waitingFor: null, stale: false, cancelRequested: false, retriedBy };
  return { ...withDefaults(state), ...knownOf(memo), ...ended };
}

/** What the start of a request wrote down for its readers. */
export function knownOf(memo: Partial<RequestMemo>) {
  const { provider, retryOf, submittedAs } = memo;
  return {
    tenant: tenantOf(memo),
    provider: provider ?? null,
    retryOf: retryOf ?? null,
    submittedAs: submittedAs ?? null,
  };
}

/** States of older workers lack what came later. */
export function withDefaults(state: RequestState) {
  const { deadlineAt = null, cachedAt = null, cancellation = null, resolution = null } = state;
  return { ...state, deadlineAt, cachedAt, cancellation, resolution };
}
