import type { RequestSnapshot } from '../contract/request.ts';
import type { CancellationOutcome } from '../contract/values.ts';

const WORDS: Readonly<Record<Exclude<CancellationOutcome, 'finished_anyway'>, string>> = {
  nothing_sent: 'it was never sent to the provider',
  cancelled_at_provider: 'the provider was told, and agreed',
  no_longer_watched: 'the provider could not be told; it may finish, and nobody looks',
  outcome_unknown: 'whether the provider has it was not known, and nobody finds out any more',
  terminated: 'an operator terminated it, so that nothing more could be done',
};

/** What became of the work of a request that was to be cancelled; null: nobody asked for that. */
export function cancellationWords({
  status,
  cancellation,
}: Pick<RequestSnapshot, 'status' | 'cancellation'>): string | null {
  if (cancellation !== 'finished_anyway') return cancellation && WORDS[cancellation];
  return status === 'completed'
    ? 'it had finished first; the result is kept'
    : 'it had failed first: there is no result';
}
