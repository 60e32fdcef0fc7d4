import type { AcceptedRequest, HistoryFacts } from './evidence.ts';
import { answerOf, type Submits } from './ledger-answers.ts';
import type { RuleName } from './verdict.ts';

export type Hold = (rule: RuleName, holds: boolean, evidence: string) => void;

/** What a request's end claims of the provider, against what the provider's ledger has of it. */
export function checkEnding(
  hold: Hold,
  { fate }: AcceptedRequest,
  submits: Submits,
  facts: HistoryFacts,
  sent: string,
): void {
  const { status, cancellation, retryable, cancelRequested, errorType } = facts;
  const ended = `ended as ${status}${cancellation === null ? '' : `, ${cancellation}`}${errorType === null ? '' : `, ${errorType}`}; ${sent}`;
  const onlyRefused = submits.every((entry) => answerOf(entry) === 'refused' && !entry.executed);

  if (cancellation === 'nothing_sent') hold('nothingSent', onlyRefused, ended);
  if (status === 'timed_out' && retryable) hold('timedOutUnsent', onlyRefused, ended);
  if (status === 'failed' && retryable) hold('failedUnsent', onlyRefused, ended);

  // A deadline, or tries that were used up, may have come in the same moment as the cancellation.
  if (cancelRequested && (fate === 'plain' || fate === 'cancelled')) {
    const answered = status === 'completed' || submits.some((entry) => answerOf(entry) === 'final');
    hold('cancelHeeded', status === 'cancelled' || answered, ended);
  }
}

/**
 * How many unknown outcomes the product told of: those that an activity failed with, or those that were settled and the one
 * that the request ended with.
 */
export function unknownOutcomesTold(facts: HistoryFacts): number {
  const { unknownOutcomes, cancellation, errorType } = facts;
  const endedUnknown = cancellation === 'outcome_unknown' || errorType === 'OutcomeUnknown' ? 1 : 0;
  return Math.max(unknownOutcomes, settlementsOf(facts).length + endedUnknown);
}

/** What settled an unknown outcome, in order: a person's decision, or a lookup. */
export function settlementsOf({ decisions, lookups }: HistoryFacts): { resends: boolean; at: number }[] {
  return [
    ...decisions.map(({ decision, at }) => ({ resends: decision === 'resubmit', at })),
    ...lookups.filter(({ found }) => found !== 'several').map(({ found, at }) => ({ resends: found === 'none', at })),
  ].toSorted((a, b) => a.at - b.at);
}
