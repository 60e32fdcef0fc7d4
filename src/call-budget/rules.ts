import type { ClosedBy, CountedIn, Operation } from '../contract/values.ts';

/** The words of the call budget, and how the limit is shared out. Times in milliseconds. */

/** Whose turn it is, first to last. Bulk submits leave a part of the budget to all others. */
export const CALL_CLASSES = ['token', 'poll', 'interactive', 'bulk'] as const;
export type CallClass = (typeof CALL_CLASSES)[number];

/** What a call of a class is for, unless it says otherwise: a cancellation is of the class `poll`. */
export const OPERATION_OF = {
  token: 'token',
  poll: 'status',
  interactive: 'submit',
  bulk: 'submit',
} as const satisfies Record<CallClass, Operation>;

/** The right to send one call. */
export interface Permit {
  /** Unique in the fleet. */
  readonly id: string;
  readonly operation: Operation;
  /** The one call that finds out whether an outage is over. */
  readonly probe: boolean;
  /** How many outages there had been when it was given. */
  readonly outages: number;
  /** By the store's clock: a call that is sent later may arrive after the time for which it was counted. */
  readonly useBy: number;
}

/** How long it takes until a call may go out, and why. `waitMs` 0: it may go out now. */
export interface Room {
  waitMs: number;
  closedBy: ClosedBy | null;
}

export type Taken = { permit: Permit } | { permit: null; waitMs: number; closedBy: ClosedBy };

/** What keeps every call from going out, whether or not it has a permit. `probeDue`: an outage waits for its probe. */
export interface Closure extends Room {
  probeDue: boolean;
}

/** Nothing keeps calls from going out. */
export const OPEN: Closure = { waitMs: 0, closedBy: null, probeDue: false };

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

/** What the provider says of its own limit for one operation; it may lower ours, never raise it. */
export interface RateHint {
  limit: number | null;
  /** In which that limit holds; null: it did not say. */
  windowMs: number | null;
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
  /** The part of it that may pass before the call is sent. */
  readonly longestHeldMs: number;
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
  /** Of the limit, what is kept for workers that Redis does not hear of, or that count by themselves. */
  kept: number;
  /** The provider's own limit of submits, in our window, when it is lower than ours. */
  lowered: number | null;
  /** `share`: Redis cannot say, and each process keeps to its share of the limit. */
  countedIn: CountedIn;
  /** Processes that the limit is for, as far as is known. */
  workers: number;
}

/** Who waits longer than this inside an activity gives its turn back, and waits in Temporal's queue. */
export const LONGEST_WAIT_MS = 5_000;
export const LONGEST_BACKOFF_MS = 60_000;
export const LONGEST_COOL_DOWN_MS = 3_600_000;

/** For how long a limit that the provider named is believed without being named again, in windows. */
export const HINT_WINDOWS = 2;

/** Where permits are counted. Nothing rejects. */
export interface PermitStore {
  take(callClass: CallClass, operation: Operation): Promise<Taken>;
  /** Whether `calls` more calls could go out now. */
  peek(callClass: CallClass, calls: number): Promise<Room>;
  closure(): Promise<Closure>;
  /** What this process knows of it. */
  knownClosure(): Closure;
  /** Whether a call with it may still be sent. */
  isUsable(permit: Permit): boolean;
  /** The call has surely arrived by now. */
  arrived(permit: Permit): Promise<void>;
  /** Whether there is an outage now. */
  ended(permit: Permit, end: CallEnd): Promise<boolean>;
  heed(operation: Operation, hint: RateHint): Promise<void>;
  state(): Promise<BudgetState>;
  /** Whether calls can be counted at all. */
  readonly isReady: boolean;
  close(): Promise<void>;
}

/** At most `calls` of these operations together in any `windowMs`. */
export interface Limit {
  readonly operations: readonly Operation[];
  readonly calls: number;
  readonly windowMs: number;
  /** For so long from now; without it for good. */
  readonly lastsMs?: number;
}

export const SUBMITS = ['submit'] as const;
/** What finishes work that was begun; a token serves all. */
export const READS = ['token', 'status', 'cancel', 'result', 'lookup'] as const;
const ALL = [...SUBMITS, ...READS] as const;

export function isSubmit(operation: Operation): boolean {
  return operation === 'submit';
}

/**
 * So much later than others a call may be the probe of an outage. Reads go first: an unanswered submit may be one more
 * unknown request. A token that was answered does not end the outage, but lets a submit be the next probe. Every third probe
 * is a submit's turn, and reads give way: otherwise jobs whose polls are never answered would keep all closed.
 */
export function probesLaterMs(
  operation: Operation,
  { failedProbes, tokenAnswered }: { failedProbes: number; tokenAnswered: boolean },
  { probeMs }: BudgetRules,
): number {
  if (operation === 'token') return 0;
  const isSubmitsTurn = failedProbes % 3 === 2;
  if (isSubmit(operation)) return isSubmitsTurn || tokenAnswered ? 0 : probeMs;
  return isSubmitsTurn ? probeMs : 0;
}

/**
 * How the limit is shared out: a third for reads while they want more than they get, a tenth kept from them for
 * interactive submits, a tenth kept from bulk. Under 10 calls a window only the order of turns holds.
 *
 * @param readsWantMs for so long more reads are wanted, as far as is known
 */
export function limitsOf(
  callClass: CallClass,
  { limit, windowMs }: Pick<BudgetRules, 'limit' | 'windowMs'>,
  readsWantMs: number,
): Limit[] {
  const tenth = Math.floor(limit / 10);
  const third = limit < 10 ? 0 : Math.floor(limit / 3);
  const limits: Limit[] = [{ operations: ALL, calls: limit, windowMs }];
  if (callClass === 'bulk') limits.push({ operations: ALL, calls: limit - tenth, windowMs });
  if (callClass === 'poll' || callClass === 'token') limits.push({ operations: READS, calls: limit - tenth, windowMs });
  else if (readsWantMs > 0) limits.push({ operations: SUBMITS, calls: limit - third, windowMs, lastsMs: readsWantMs });
  return limits;
}

/** Exponential, from `baseMs`, up to a minute. */
export function backoff(baseMs: number, times: number): number {
  return Math.min(LONGEST_BACKOFF_MS, baseMs * 2 ** times);
}
