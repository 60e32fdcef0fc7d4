import type { RequestStatus } from 'durable-external-api';
import type { Reading } from './evidence.ts';

const TERMINAL = 4;
const RANK: Readonly<Record<RequestStatus, number>> = {
  queued: 0,
  authenticating: 1,
  submitting: 2,
  processing: 3,
  outcome_unknown: 3,
  completed: TERMINAL,
  failed: TERMINAL,
  cancelled: TERMINAL,
  timed_out: TERMINAL,
};

/**
 * The steps of a reader's sequence that no request may take. Out of `outcome_unknown` leads a decision or a lookup, which may
 * lead back to `submitting`; or its end, by a cancellation or because nobody decided in time.
 *
 * @param seen in the order in which they were read
 * @param settlements how often its outcome was settled, by a person or a lookup
 * @returns each step as `from → to`, with times
 */
export function backwardSteps(seen: readonly Reading[], settlements: number): string[] {
  const steps: string[] = [];
  let settlementsLeft = settlements;
  for (const [index, reading] of seen.entries()) {
    const before = seen[index - 1];
    if (before === undefined) {
      if (reading.status === 'not_found') steps.push(`start → ${shown(reading)}`);
    } else if (before.status !== reading.status && !mayFollow(before.status, reading.status)) {
      steps.push(`${shown(before)} → ${shown(reading)}`);
    }
  }
  return steps;

  function mayFollow(before: Reading['status'], after: Reading['status']): boolean {
    if (before === 'not_found' || after === 'not_found') return false;
    if (before === 'outcome_unknown' && (after === 'cancelled' || after === 'failed')) return true;
    if (before === 'outcome_unknown') return RANK[after] >= RANK.submitting && settlementsLeft-- > 0;
    if (before === 'processing' && after === 'outcome_unknown') return false;
    return RANK[before] !== TERMINAL && RANK[after] >= RANK[before];
  }
}

function shown({ status, at, stale }: Reading): string {
  return `${status} (${new Date(at).toISOString()}${stale ? ', stale' : ''})`;
}
