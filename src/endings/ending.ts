import { FAILURES, type FailureName } from '../contract/failures.ts';
import type { FailedStatus, Idempotency, Outcome } from '../contract/values.ts';

/** What is known when a step of a request is over without a result. */
export interface StepOver {
  step: 'authenticate' | 'process' | 'pollStatus';
  /** It gave up by itself, or the deadline came, or no attempt followed because cancellation was asked for. */
  over: 'gave_up' | 'deadline' | 'cancelled';
  /** The row of the failure table that ended it; null: no call did. */
  failure: FailureName | null;
  /** What the provider may have done with the request, all its submits together. */
  outcome: Outcome;
  /** Whether the attempt or the server says so; else `outcome` is what is likely. */
  confirmed: boolean;
  /** What an ambiguous submit does. */
  mode: Idempotency;
  providerRequestId: string | null;
  /** The work may be another's: a person named its id, and the provider wants nothing of it. */
  idInDoubt: boolean;
  cancelRequested: boolean;
}

/**
 * What becomes of the request:
 * - `hold`: its outcome is unknown, and it waits for whoever knows;
 * - `cancel_work`: the provider is told, where it can be told;
 * - an end. `retryable`: sending it again may help, and does no harm: nothing was done, or the mode is `resend`.
 *   `fallback`: another answer may stand in.
 */
export type Ending =
  | { next: 'hold' }
  | { next: 'cancel_work'; providerRequestId: string }
  | { end: FailedStatus; retryable: boolean; fallback: boolean }
  | { end: 'cancelled'; cancellation: 'nothing_sent' | 'outcome_unknown' };

const UNKNOWN = { end: 'cancelled', cancellation: 'outcome_unknown' } as const satisfies Ending;

/**
 * How a request goes on when a step is over without a result. Nothing else decides it.
 *
 * | what came back | cancel asked | then |
 * |---|---|---|
 * | anything but a result, of an id in doubt | no | held |
 * | the same | yes | `cancelled`, `outcome_unknown` |
 * | the provider's final word | – | `failed`: it came first |
 * | an id | yes | the work is cancelled at the provider |
 * | never sent, or refused, and that is confirmed | yes | `cancelled`, `nothing_sent` |
 * | anything else | yes | `cancelled`, `outcome_unknown` |
 * | the deadline, with an id | no | `timed_out`, never retryable: the provider may still finish it |
 * | a status call, tries used up | no | `failed`, never retryable: asking may go on |
 * | ambiguous, or not confirmed; mode `none` or `key`, or the deadline | no | held |
 * | ambiguous, tries used up, mode `resend` | no | `failed`, retryable |
 * | the deadline, nothing sent | no | `timed_out`, retryable |
 * | never sent, or refused, tries used up | no | `failed`, retryable where the failure may pass |
 */
export function ending(over: StepOver): Ending {
  const { failure, outcome, providerRequestId, mode } = over;
  const row = failure === null ? null : FAILURES[failure];
  const fallback = row?.fallback ?? true;
  const isOpen = outcome === 'ambiguous' || !over.confirmed;

  if (over.idInDoubt) return over.cancelRequested ? UNKNOWN : { next: 'hold' };
  if (outcome === 'final') return { end: 'failed', retryable: false, fallback };
  if (over.cancelRequested) {
    if (providerRequestId !== null) return { next: 'cancel_work', providerRequestId };
    return isOpen ? UNKNOWN : { end: 'cancelled', cancellation: 'nothing_sent' };
  }
  const end = over.over === 'deadline' ? 'timed_out' : 'failed';
  if (providerRequestId !== null) return { end, retryable: false, fallback };
  if (isOpen && (end === 'timed_out' || mode !== 'resend')) return { next: 'hold' };
  return { end, retryable: end === 'timed_out' || row?.next !== 'final', fallback };
}
