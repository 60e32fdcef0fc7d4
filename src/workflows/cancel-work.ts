import { CancellationScope } from '@temporalio/workflow';
import type { ProcessResult } from '../contract/request.ts';
import type { CancellationOutcome } from '../contract/values.ts';
import type { Request } from './create-request.ts';

/** A provider that does not answer does not keep a cancelled request alive for longer. */
const LONGEST_CANCEL_MS = 5 * 60_000;

/** How the work of a cancelled request ended: with what became of it, or with the result that came first. */
export type CancelledWork = { cancellation: CancellationOutcome } | { result: ProcessResult };

/** Tells the provider that the work is no longer wanted, where it can be told. */
export async function cancelWork(request: Request, providerRequestId: string): Promise<CancelledWork> {
  return await CancellationScope.nonCancellable(async () => {
    const { requestId } = request.args;
    const endsAt = Date.now() + LONGEST_CANCEL_MS;
    try {
      const summary = `Cancel ${providerRequestId} at the provider`;
      const cancel = request.activity('cancelSubmitted', summary, LONGEST_CANCEL_MS);
      const { outcome } = await cancel({ requestId, providerRequestId });
      if (outcome === 'cancelled') return { cancellation: 'cancelled_at_provider' };
      if (outcome === 'not_supported') return { cancellation: 'no_longer_watched' };
      const look = `GET /status/${providerRequestId}, because it had finished`;
      const found = await request.activity(
        'pollStatus',
        look,
        endsAt - Date.now(),
      )({ requestId, providerRequestId, firstPollAfterMs: null, lookAfterMs: 0, submittedAt: null });
      return found === null ? { cancellation: 'no_longer_watched' } : { result: found.result };
    } catch {
      // The provider could not be told, or told nothing of use. What is cancelled in this scope has had its time.
      return { cancellation: 'no_longer_watched' };
    }
  });
}
