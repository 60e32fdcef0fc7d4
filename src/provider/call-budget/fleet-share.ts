import {
  HINT_WINDOWS,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type Permit,
  type RateHint,
  type Room,
  type Taken,
} from './budget.ts';
import { PermitLog } from './permit-log.ts';

/** A worker that has no share looks again after this. */
const NO_SHARE_WAIT_MS = 1_000;

/** What a worker knows when it begins to count alone. Times of its own clock, in milliseconds. */
export interface LastKnown {
  /** Calls that this worker may make in any window; all shares of the fleet together are at most the limit. */
  grant: number;
  /** Permits of its calls that may not have arrived yet. */
  open: readonly string[];
  /** Stamps of all other calls that it knows of. */
  stamps: readonly number[];
  /** Others may have taken all the rest of the budget since. */
  others: boolean;
  /** For so long the provider asked us to wait. */
  closedMs: number;
  failures: number;
  /** The provider's own limit. */
  lowered: number | null;
}

/**
 * The share of one worker while the log of the fleet cannot be read, or is not complete: its own log, with its share as
 * the limit, which begins with all that anybody may have sent. When every worker of a fleet begins at one loss, all
 * together stay within the limit, as long as none of them has more calls on their way than its share.
 */
export class FleetShare {
  readonly #rules: BudgetRules;
  readonly #log: PermitLog;
  #grant: number;
  #newId = '';
  #lowered: number | null;
  #loweredUntil: number;

  constructor(rules: BudgetRules, known: LastKnown, now: number) {
    this.#rules = rules;
    this.#grant = known.grant;
    this.#lowered = known.lowered;
    this.#loweredUntil = now + HINT_WINDOWS * rules.windowMs;
    this.#log = new PermitLog(rules, () => this.#newId);
    const stamps = known.stamps.filter((at) => at + rules.windowMs > now);
    const unseen = known.others ? rules.limit - stamps.length - known.open.length : 0;
    for (let n = 0; n < unseen; n++) stamps.push(now);
    for (const id of known.open) {
      this.#newId = id;
      if (this.#log.take('token', now).permit === null) stamps.push(now + rules.longestCallMs);
    }
    this.#log.restore(stamps, known.closedMs, now);
    const failures = Math.min(known.failures, rules.outageAfter);
    for (let n = 0; n < failures; n++) this.#log.ended({ id: '', probe: false }, { type: 'failed' }, now, 0);
  }

  /** @param id of the permit, should there be one */
  take(callClass: CallClass, id: string, now: number): Taken {
    const { waitMs, closedBy } = this.peek(callClass, 1, now);
    if (closedBy !== null) return { permit: null, waitMs, closedBy };
    this.#newId = id;
    return this.#log.take(callClass, now);
  }

  peek(callClass: CallClass, calls: number, now: number): Room {
    const limit = this.#limit(now);
    if (limit < 1) return { waitMs: NO_SHARE_WAIT_MS, closedBy: 'budget' };
    this.#log.heed({ limit, remaining: null, resetMs: null }, now);
    return this.#log.peek(callClass, calls, now);
  }

  arrived(permit: Permit, now: number): void {
    this.#log.arrived(permit, now);
  }

  ended(permit: Permit, end: CallEnd, now: number, random: number): void {
    this.#log.ended(permit, end, now, random);
  }

  /** The provider speaks of all workers. */
  heed({ limit, remaining, resetMs }: RateHint, now: number): void {
    if (limit !== null) {
      this.#lowered = limit;
      this.#loweredUntil = now + HINT_WINDOWS * this.#rules.windowMs;
    }
    const ours = remaining === null ? null : this.#part(remaining);
    this.#log.heed({ limit: Math.max(1, this.#limit(now)), remaining: ours, resetMs }, now);
  }

  /** The provider asked another worker to wait for so long. */
  close(ms: number, now: number): void {
    this.#log.restore([], ms, now);
  }

  /** The share changes when the fleet does. */
  regrant(grant: number): void {
    this.#grant = grant;
  }

  state(now: number): BudgetState {
    const { waitMs, closedBy } = this.peek('interactive', 1, now);
    const { waitMs: bulkWaitMs } = this.peek('bulk', 1, now);
    const lowered = this.#hinted(now) < this.#rules.limit ? this.#hinted(now) : null;
    return { ...this.#log.state(now), waitMs, closedBy, bulkWaitMs, lowered };
  }

  #hinted(now: number): number {
    return this.#lowered === null || now >= this.#loweredUntil ? this.#rules.limit : this.#lowered;
  }

  #limit(now: number): number {
    const hinted = this.#hinted(now);
    if (hinted >= this.#rules.limit) return this.#grant;
    return Math.min(this.#grant, Math.max(1, this.#part(hinted)));
  }

  #part(calls: number): number {
    return Math.floor((calls * this.#grant) / this.#rules.limit);
  }
}
