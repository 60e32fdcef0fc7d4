/** The call budget as a worker shows it at `GET /budget`. Of a fleet that counts in Redis every worker shows the same. */
export interface BudgetView {
  /** Calls in any `windowMs`. */
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
  closedBy: 'budget' | 'cool_down' | 'outage' | null;
  /** Calls in a row without an answer. */
  failures: number;
  /** `share`: Redis does not answer, and each worker keeps to its share of the limit. */
  countedIn: 'memory' | 'redis' | 'share';
  /** Worker processes that the limit is for, as far as is known. */
  workers: number;
  /** Calls in the process that answered which wait for a permit. */
  waiting: number;
  /** ISO 8601, of the worker's clock. */
  asOf: string;
}

/** What keeps a call from going out, and until when (ISO 8601). */
export interface Closure {
  by: NonNullable<BudgetView['closedBy']>;
  until: string;
}

/** What keeps a call of a bulk submit, or any other call, from going out; null: nothing. */
export function closureOf(view: BudgetView, call: 'bulk' | 'other'): Closure | null {
  const waitMs = call === 'bulk' ? view.bulkNextPermitMs : view.nextPermitMs;
  if (waitMs <= 0) return null;
  return { by: view.closedBy ?? 'budget', until: new Date(Date.parse(view.asOf) + waitMs).toISOString() };
}

/** As `GET /budget` and `external-api budget --json` show it. */
export interface BudgetOnTheWire {
  limit: number;
  lowered_limit: number | null;
  window_ms: number;
  used: number;
  next_permit_in_ms: number;
  bulk_next_permit_in_ms: number;
  closed_by: BudgetView['closedBy'];
  /** ISO 8601; null while calls go out. */
  closed_until: string | null;
  failures_in_a_row: number;
  counted_in: BudgetView['countedIn'];
  workers: number;
  waiting: number;
  as_of: string;
}

export function budgetToWire(view: BudgetView): BudgetOnTheWire {
  return {
    limit: view.limit,
    lowered_limit: view.loweredLimit,
    window_ms: view.windowMs,
    used: view.used,
    next_permit_in_ms: view.nextPermitMs,
    bulk_next_permit_in_ms: view.bulkNextPermitMs,
    closed_by: view.closedBy,
    closed_until: closureOf(view, 'other')?.until ?? null,
    failures_in_a_row: view.failures,
    counted_in: view.countedIn,
    workers: view.workers,
    waiting: view.waiting,
    as_of: view.asOf,
  };
}

export function budgetFromWire(wire: BudgetOnTheWire): BudgetView {
  return {
    limit: wire.limit,
    loweredLimit: wire.lowered_limit,
    windowMs: wire.window_ms,
    used: wire.used,
    nextPermitMs: wire.next_permit_in_ms,
    bulkNextPermitMs: wire.bulk_next_permit_in_ms,
    closedBy: wire.closed_by,
    failures: wire.failures_in_a_row,
    countedIn: wire.counted_in,
    workers: wire.workers,
    waiting: wire.waiting,
    asOf: wire.as_of,
  };
}
