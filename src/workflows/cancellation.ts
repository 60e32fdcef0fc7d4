import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { CancellationOutcome, ProcessResult } from '../contract/request.ts';
import type { Request } from './request.ts';

/** A provider that does not answer does not keep a cancelled request alive for longer. */
const LONGEST_CANCEL_MS = 5 * 60_000;

/** How a cancelled request ends: with what became of the work, or with the result that came first. */
export type CancelledEnd = { cancellation: CancellationOutcome } | { result: ProcessResult };

/**
 * Finds out what becomes of the work of a cancelled request, and tells the provider where it can be told.
 *
 * @param resends whether the worker may have sent an ambiguous submit again: then a submit that was being tried when the
 *   cancellation came may have arrived.
 */
export async function cancelHonestly(request: Request, resends: boolean): Promise<CancelledEnd> {
  const { status, providerRequestId, resolution } = request.state;
  if (status === 'outcome_unknown') return { cancellation: 'outcome_unknown' };
  if (providerRequestId !== null) {
    return await CancellationScope.nonCancellable(() => cancelAtProvider(request, providerRequestId));
  }
  // A submit that was made once before, and of which nobody knows what became.
  const sentBefore = resolution?.decision === 'resubmit' || (status === 'submitting' && resends);
  return { cancellation: sentBefore ? 'outcome_unknown' : 'nothing_sent' };
}

async function cancelAtProvider(request: Request, providerRequestId: string): Promise<CancelledEnd> {
  const { requestId } = request.args;
  request.restartClock(LONGEST_CANCEL_MS);
  try {
    const cancel = request.activity('cancelSubmitted', `Cancel ${providerRequestId} at the provider`);
    const { outcome } = await cancel({ requestId, providerRequestId });
    if (outcome === 'cancelled') return { cancellation: 'cancelled_at_provider' };
    if (outcome === 'not_supported') return { cancellation: 'no_longer_watched' };
    const poll = request.activity('pollStatus', `GET /status/${providerRequestId}, because it had finished`);
    const { result } = await poll({ requestId, providerRequestId, firstPollAfterMs: null, immediately: true });
    return { result };
  } catch (error) {
    // The provider could not be told, or told nothing of use. A cancellation does not arrive in this scope.
    if (isCancellation(error)) throw error;
    return { cancellation: 'no_longer_watched' };
  }
}
