import {
  HINT_WINDOWS,
  keptFromBulk,
  REOPENING_MS,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type ClosedBy,
  type Permit,
  type RateHint,
  type Room,
  type Taken,
} from './budget.ts';

const LONGEST_BACKOFF_MS = 60_000;
const LONGEST_COOL_DOWN_MS = 3_600_000;

interface Entry {
  id: string;
  /** The latest that the call can have arrived. */
  at: number;
}

/**
 * The exact sliding log of one budget, with the clock passed in: call k goes out when call k - limit has left the
 * window. An entry is stamped with the latest time at which its call can have arrived, and earlier ones once that is
 * known, so that the window holds as the provider counts. The same rules, for a fleet, are in redis-script.ts.
 */
export class PermitLog {
  readonly #rules: BudgetRules;
  readonly #newId: () => string;
  /** In the order of `at`. */
  #entries: Entry[] = [];
  #nextId = 0;
  #closedUntil = -Infinity;
  #reopenedAt = -Infinity;
  #sinceReopening = 0;
  #refusals = 0;
  #failures = 0;
  /** When the next probe may go out. Null unless there is an outage. */
  #probeAt: number | null = null;
  /** For so long a probe may be on its way: who dies with it does not keep the others waiting for ever. */
  #probeLeaseUntil = -Infinity;
  #failedProbes = 0;
  #lowered = Infinity;
  #loweredUntil = -Infinity;

  constructor(rules: BudgetRules, newId?: () => string) {
    this.#rules = rules;
    this.#newId = newId ?? (() => `${this.#nextId++}`);
  }

  take(callClass: CallClass, now: number): Taken {
    const { waitMs, closedBy } = this.peek(callClass, 1, now);
    if (closedBy !== null) return { permit: null, waitMs, closedBy };
    const probe = this.#probeAt !== null;
    if (probe) this.#probeLeaseUntil = now + this.#rules.longestCallMs;
    if (now < this.#reopenedAt + REOPENING_MS) this.#sinceReopening++;
    const permit: Permit = { id: this.#newId(), probe };
    this.#insert({ id: permit.id, at: now + this.#rules.longestCallMs });
    return { permit };
  }

  peek(callClass: CallClass, calls: number, now: number): Room {
    const closed = this.#closed(now);
    if (closed !== null) return closed;
    this.#forgetBefore(now);
    const limit = this.#limit(now);
    const allowed = limit - (callClass === 'bulk' ? keptFromBulk(limit) : 0);
    const tooMany = this.#entries.length + calls - allowed;
    if (tooMany <= 0) return { waitMs: 0, closedBy: null };
    const leaves = this.#entries[tooMany - 1];
    // More than the budget ever has at once.
    if (leaves === undefined) return { waitMs: this.#rules.windowMs, closedBy: 'budget' };
    return { waitMs: leaves.at + this.#rules.windowMs - now, closedBy: 'budget' };
  }

  arrived({ id }: Permit, now: number): void {
    const index = this.#entries.findIndex((entry) => entry.id === id);
    const entry = this.#entries[index];
    if (entry === undefined || entry.at <= now) return;
    this.#entries.splice(index, 1);
    this.#insert({ id, at: now });
  }

  /** @param random uniform in [0, 1) */
  ended(permit: Permit, end: CallEnd, now: number, random: number): void {
    if (end.type === 'unreachable' || end.type === 'unsent') {
      this.#entries = this.#entries.filter(({ id }) => id !== permit.id);
    } else this.arrived(permit, now);
    switch (end.type) {
      case 'answered':
        this.#failures = 0;
        this.#refusals = 0;
        if (this.#probeAt !== null) this.#reopenAt(now);
        this.#probeAt = null;
        break;
      case 'refused':
        this.#failures = 0;
        this.#probeAt = null;
        this.#coolDown(end.retryAfterMs, now, random);
        break;
      case 'failed':
      case 'unreachable':
        this.#failures++;
        this.#noteOutage(permit, now);
        break;
      case 'unsent':
      case 'unknown':
        // Says nothing of the provider; the next call may be the probe.
        if (permit.probe) this.#probeLeaseUntil = now;
    }
  }

  heed({ limit, remaining, resetMs }: RateHint, now: number): void {
    if (limit !== null) {
      this.#lowered = Math.max(1, limit);
      this.#loweredUntil = now + HINT_WINDOWS * this.#rules.windowMs;
    }
    if (remaining === null || resetMs === null) return;
    this.#forgetBefore(now);
    // Calls that somebody else made with our credentials: they leave when the provider says so.
    const others = this.#limit(now) - this.#entries.length - remaining;
    const leave = now + Math.min(resetMs, LONGEST_COOL_DOWN_MS);
    for (let n = 0; n < others; n++) this.#insert({ id: `other-${this.#nextId++}`, at: leave - this.#rules.windowMs });
  }

  /** Counts calls that were made elsewhere, by their stamps, and closes the provider for `closedMs`. */
  restore(stamps: readonly number[], closedMs: number, now: number): void {
    for (const at of stamps) this.#insert({ id: `other-${this.#nextId++}`, at });
    if (closedMs > 0) this.#coolDown(closedMs, now, 0);
  }

  state(now: number): BudgetState {
    this.#forgetBefore(now);
    const { waitMs, closedBy } = this.peek('interactive', 1, now);
    const limit = this.#limit(now);
    return {
      limit: this.#rules.limit,
      windowMs: this.#rules.windowMs,
      used: this.#entries.length,
      waitMs,
      closedBy,
      bulkWaitMs: this.peek('bulk', 1, now).waitMs,
      failures: this.#failures,
      lowered: limit < this.#rules.limit ? limit : null,
      countedIn: 'memory',
      workers: 1,
    };
  }

  #limit(now: number): number {
    return now < this.#loweredUntil ? Math.min(this.#rules.limit, this.#lowered) : this.#rules.limit;
  }

  #closed(now: number): { waitMs: number; closedBy: ClosedBy } | null {
    if (now < this.#closedUntil) return { waitMs: this.#closedUntil - now, closedBy: 'cool_down' };
    if (this.#probeAt !== null) {
      if (now < this.#probeAt) return { waitMs: this.#probeAt - now, closedBy: 'outage' };
      const lease = this.#probeLeaseUntil - now;
      // Its answer is expected sooner.
      if (lease > 0) return { waitMs: Math.min(lease, this.#rules.probeMs), closedBy: 'outage' };
    }
    if (now < this.#reopenedAt + REOPENING_MS) {
      const turn = this.#reopenedAt + (this.#sinceReopening * REOPENING_MS) / this.#rules.limit;
      if (now < turn) return { waitMs: turn - now, closedBy: 'cool_down' };
    }
    return null;
  }

  #coolDown(retryAfterMs: number | null, now: number, random: number): void {
    // A burst of refusals is one: only a refusal after the wait makes the next one longer.
    if (retryAfterMs === null && now < this.#closedUntil) return;
    const wait = retryAfterMs ?? backoff(this.#rules.backoffMs, this.#refusals++) * (0.5 + random / 2);
    this.#closedUntil = Math.max(this.#closedUntil, now + Math.min(wait, LONGEST_COOL_DOWN_MS));
    this.#reopenAt(this.#closedUntil);
  }

  #noteOutage({ probe }: Permit, now: number): void {
    const { outageAfter, probeMs } = this.#rules;
    if (outageAfter === 0 || this.#failures < outageAfter) return;
    if (this.#probeAt === null) this.#failedProbes = 0;
    else if (probe) this.#failedProbes++;
    else return;
    this.#probeAt = now + backoff(probeMs, this.#failedProbes);
    this.#probeLeaseUntil = -Infinity;
  }

  #reopenAt(at: number): void {
    this.#reopenedAt = at;
    this.#sinceReopening = 0;
  }

  #forgetBefore(now: number): void {
    const firstInside = this.#entries.findIndex(({ at }) => at + this.#rules.windowMs > now);
    if (firstInside !== 0) this.#entries.splice(0, firstInside === -1 ? this.#entries.length : firstInside);
  }

  #insert(entry: Entry): void {
    const index = this.#entries.findLastIndex(({ at }) => at <= entry.at);
    this.#entries.splice(index + 1, 0, entry);
  }
}

function backoff(baseMs: number, times: number): number {
  return Math.min(LONGEST_BACKOFF_MS, baseMs * 2 ** times);
}
