import type { ClosedBy, CountedIn } from './values.ts';

/** The call budget as a worker shows it at `GET /budget`. Of a fleet that counts in Redis every worker shows the same. */
export interface BudgetView {
  /** Calls in any `windowMs`; those of one worker while it keeps to its share. */
  limit: number;
  /** The provider's own limit, while it is lower than ours. */
  loweredLimit: number | null;
  windowMs: number;
  /** Calls in the window, those on their way included. */
  used: number;
  /** Milliseconds from `asOf` until the next call may go out; 0: now. */
  nextPermitMs: number;
  /** The same for submits of bulk requests, which leave a part of the budget to all others. */
  bulkNextPermitMs: number;
  /** Why nothing goes out: no room, the provider asked us to wait, or it is down. Null while calls go out. */
  closedBy: ClosedBy | null;
  /** Calls in a row without an answer. */
  failures: number;
  /** Of `limit`, what is kept for workers that Redis does not hear of, such as killed ones, or that count by themselves. */
  kept: number;
  /** `share`: Redis does not answer, and each worker keeps to its share of the limit. */
  countedIn: CountedIn;
  /** Worker processes that the limit is for, as far as is known. */
  workers: number;
  /** Calls in the process that answered which wait for a permit. */
  waiting: number;
  /** ISO 8601, of the worker's clock. */
  asOf: string;
}

/** What keeps a call from going out, and until when (ISO 8601). */
export interface Closure {
  by: ClosedBy;
  until: string;
}

/** What keeps a call of a bulk submit, or any other call, from going out; null: nothing. */
export function closureOf(view: BudgetView, call: 'bulk' | 'other'): Closure | null {
  const waitMs = call === 'bulk' ? view.bulkNextPermitMs : view.nextPermitMs;
  if (waitMs <= 0) return null;
  return { by: view.closedBy ?? 'budget', until: new Date(Date.parse(view.asOf) + waitMs).toISOString() };
}

/** Whether nothing goes out because Redis does not answer, and the other workers may still use the whole limit. */
export function waitsForRedis({ countedIn, closedBy, used, limit, loweredLimit }: BudgetView): boolean {
  return countedIn === 'share' && closedBy === 'budget' && used < (loweredLimit ?? limit);
}

/** The members as `GET /budget` and `external-api budget --json` name them. */
const WIRE_NAMES = {
  limit: 'limit',
  loweredLimit: 'lowered_limit',
  windowMs: 'window_ms',
  used: 'used',
  nextPermitMs: 'next_permit_in_ms',
  bulkNextPermitMs: 'bulk_next_permit_in_ms',
  closedBy: 'closed_by',
  failures: 'failures_in_a_row',
  kept: 'kept',
  countedIn: 'counted_in',
  workers: 'workers',
  waiting: 'waiting',
  asOf: 'as_of',
} as const satisfies Record<keyof BudgetView, string>;

type BudgetOnTheWire = { [Member in keyof BudgetView as (typeof WIRE_NAMES)[Member]]: BudgetView[Member] } & {
  /** ISO 8601; null while calls go out. */
  closed_until: string | null;
};

const MEMBERS = Object.entries(WIRE_NAMES) as [keyof BudgetView, string][];

export function budgetToWire(view: BudgetView): BudgetOnTheWire {
  const members = Object.fromEntries(MEMBERS.map(([member, name]) => [name, view[member]]));
  return { ...members, closed_until: closureOf(view, 'other')?.until ?? null } as BudgetOnTheWire;
}

/** The members of a BudgetView that `body` has, unchecked. */
export function budgetFromWire(body: object): Partial<Record<keyof BudgetView, unknown>> {
  return Object.fromEntries(MEMBERS.map(([member, name]) => [member, (body as Record<string, unknown>)[name]]));
}
