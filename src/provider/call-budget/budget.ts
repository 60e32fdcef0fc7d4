/** The words of the call budget: what a store of permits is asked, and what it answers. Times in milliseconds. */

/** What a call is for. Bulk submits leave a share of the budget to all others. */
export type CallClass = 'interactive' | 'bulk' | 'poll' | 'token';

/** Why nothing may be sent now: no room in the window, the provider asked us to wait, or it is down. */
export type ClosedBy = 'budget' | 'cool_down' | 'outage';

/** The right to send one call. */
export interface Permit {
  readonly id: string;
  /** The one call that finds out whether an outage is over. */
  readonly probe: boolean;
}

/** How long it takes until a call may go out, and why. `waitMs` 0: it may go out now. */
export interface Room {
  waitMs: number;
  closedBy: ClosedBy | null;
}

export type Taken = { permit: Permit } | { permit: null; waitMs: number; closedBy: ClosedBy };

/**
 * What became of a call, for the budget:
 * - `answered`: the provider works, whatever it said;
 * - `failed`: it arrived and got a 5xx, no answer, or half of one;
 * - `unreachable`: no byte of it left, because the provider could not be reached: its permit is given back;
 * - `unsent`: no byte of it left, for a reason of ours;
 * - `refused`: 429, or 503 with Retry-After;
 * - `unknown`: it was cut short by us.
 */
export type CallEnd =
  | { type: 'answered' | 'failed' | 'unreachable' | 'unsent' | 'unknown' }
  | { type: 'refused'; retryAfterMs: number | null };

/** What the provider says of its own limit; it may lower ours, never raise it. */
export interface RateHint {
  /** Calls in our window, scaled from the provider's. */
  limit: number | null;
  /** Calls that it would still take before `resetMs` have passed. */
  remaining: number | null;
  resetMs: number | null;
}

export interface BudgetRules {
  /** Calls in any `windowMs`, of all processes together. */
  readonly limit: number;
  readonly windowMs: number;
  /** The longest that a call can be on its way: for so long a permit of a process that died is kept. */
  readonly longestCallMs: number;
  /** Calls in a row without an answer that mean an outage; 0: never. */
  readonly outageAfter: number;
  /** From the start of an outage to its first probe; doubled after each probe that fails, up to a minute. */
  readonly probeMs: number;
  /** First wait after a refusal without Retry-After; doubled each time, up to a minute. */
  readonly backoffMs: number;
}

export interface BudgetState {
  limit: number;
  windowMs: number;
  /** Permits in the window, calls on their way included. */
  used: number;
  /** Until the next interactive call may go out. */
  waitMs: number;
  closedBy: ClosedBy | null;
  /** Until bulk may go out. */
  bulkWaitMs: number;
  /** Calls in a row without an answer. */
  failures: number;
  /** The provider's own limit, when it is lower than ours. */
  lowered: number | null;
  /** `share`: Redis does not answer, and each process keeps to its share of the limit. */
  countedIn: 'memory' | 'redis' | 'share';
  /** Processes that the limit is for, as far as is known. */
  workers: number;
}

/** After it was closed, the provider is approached again at its usual rate per second, not all at once. */
export const REOPENING_MS = 1000;

/** For how long a limit that the provider named is believed without being named again, in windows. */
export const HINT_WINDOWS = 2;

/** Where permits are counted. */
export interface PermitStore {
  take(callClass: CallClass): Promise<Taken>;
  /** Whether `calls` more calls could go out now. */
  peek(callClass: CallClass, calls: number): Promise<Room>;
  /** The call has surely arrived by now. */
  arrived(permit: Permit): Promise<void>;
  ended(permit: Permit, end: CallEnd): Promise<void>;
  heed(hint: RateHint): Promise<void>;
  state(): Promise<BudgetState>;
  close(): Promise<void>;
}

/** Of ten calls one is kept from bulk. */
export function keptFromBulk(limit: number): number {
  return Math.floor(limit / 10);
}
