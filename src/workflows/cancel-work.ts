import { ActivityFailure, ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import type { ErrorDetails } from '../contract/failures.ts';
import type { ProcessResult } from '../contract/request.ts';
import type { CancellationOutcome } from '../contract/values.ts';
import { shortened } from './activity-options.ts';
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
    const work = shortened(providerRequestId);
    let isAsked = false;
    try {
      const summary = `Cancel ${work} at the provider`;
      const cancel = request.activity('cancelSubmitted', summary, LONGEST_CANCEL_MS);
      const { outcome } = await cancel({ requestId, providerRequestId });
      if (outcome === 'cancelled') return { cancellation: 'cancelled_at_provider' };
      if (outcome === 'not_supported') return { cancellation: 'no_longer_watched' };
      isAsked = outcome === 'asked';
      const look = `Ask about ${work}, ${isAsked ? 'until it has stopped' : 'because it had finished'}`;
      const found = await request.activity(
        'pollStatus',
        look,
        endsAt - Date.now(),
      )({ requestId, providerRequestId, firstPollAfterMs: null, lookAfterMs: 0, submittedAt: null });
      return found === null ? { cancellation: 'no_longer_watched' } : { result: found.result };
    } catch (error) {
      // What was to stop has ended without a result.
      if (isAsked && hasFailedThere(error)) return { cancellation: 'cancelled_at_provider' };
      // The provider could not be told, or told nothing of use. What is cancelled in this scope has had its time.
      return { cancellation: 'no_longer_watched' };
    }
  });
}

function hasFailedThere(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure)) return false;
  const details = cause.details?.[0] as Partial<ErrorDetails> | undefined;
  return details?.failure === 'reportedFailure';
}
