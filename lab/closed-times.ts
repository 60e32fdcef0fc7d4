import type { LedgerEntry } from 'durable-external-api/testing';
import type { Budget } from './evidence.ts';

/** Milliseconds since 1970. */
export interface Interval {
  from: number;
  to: number;
}

/** What the lab's own refusals ask for, but those of which it keeps the times. */
export const RETRY_AFTER_MS = 1_000;

/**
 * When no call could go out because the provider had asked for it or the budget was used up: a wait that is no fault's.
 * Disjoint and in order.
 *
 * @param closures that the ledger does not tell of: refusals that asked for longer
 */
export function closedTimes(
  ledger: readonly Readonly<LedgerEntry>[],
  { limit, windowMs }: Budget,
  closures: readonly Interval[],
): Interval[] {
  const refused = ledger.flatMap(({ statusCode, answeredAt }) =>
    answeredAt !== null && (statusCode === 429 || statusCode === 503)
      ? [{ from: answeredAt, to: answeredAt + RETRY_AFTER_MS }]
      : [],
  );
  const arrivals = ledger.map(({ arrivedAt }) => arrivedAt).toSorted((a, b) => a - b);
  const full = arrivals.flatMap((last, index) => {
    const first = arrivals[index - limit + 1];
    return first !== undefined && first + windowMs > last ? [{ from: last, to: first + windowMs }] : [];
  });
  return merged([...refused, ...full, ...closures]);
}

/** A window and the longest call, with some seconds to find out: a longer silence is a fault. */
const LONGEST_SILENCE_MS = 90_000;
/** Calls that had their permit when Redis was lost still arrive, so soon. */
const LAST_PERMITS_MS = 1_000;

/**
 * When nobody sends because the budget cannot be counted: from the loss of Redis until somebody is sure again.
 *
 * @param at when Redis was lost; milliseconds since 1970
 */
export function silenceAfter(ledger: readonly Readonly<LedgerEntry>[], at: number): Interval {
  const later = ledger.map(({ arrivedAt }) => arrivedAt).filter((arrivedAt) => arrivedAt > at + LAST_PERMITS_MS);
  return { from: at, to: Math.min(at + LONGEST_SILENCE_MS, ...later) };
}

/** How much of `intervals` lies between the two. */
export function overlapMs(intervals: readonly Interval[], from: number, to: number): number {
  return intervals.reduce((sum, each) => sum + Math.max(0, Math.min(each.to, to) - Math.max(each.from, from)), 0);
}

function merged(intervals: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || from > last.to) result.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return result;
}
