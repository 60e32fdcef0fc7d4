import { OPERATIONS, type Operation } from '../contract/values.ts';
import { Lane } from './lane.ts';
import { ProviderLimit } from './provider-limit.ts';
import {
  backoff,
  isSubmit,
  LONGEST_COOL_DOWN_MS,
  limitsOf,
  OPEN,
  OPERATION_OF,
  probesLaterMs,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type Closure,
  type Limit,
  type Permit,
  type RateHint,
  type Room,
  type Taken,
} from './rules.ts';

/** One of each operation. */
function forEach<Value>(make: (operation: Operation) => Value): Record<Operation, Value> {
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, make(operation)])) as Record<Operation, Value>;
}

/**
 * The exact sliding log of one budget, with the clock passed in: call k goes out when call k - limit has left the
 * window. A call is stamped with the latest time at which it can arrive, and with an earlier one once that is known, so
 * that the window holds as the provider counts. The same rules, for a fleet, are in fleet-script.ts.
 */
export class PermitLog {
  readonly #rules: BudgetRules;
  readonly #lanes = forEach(() => new Lane());
  readonly #provider: Record<Operation, ProviderLimit>;
  #nextId = 0;
  /** Reads were refused for lack of room, less than a window ago. */
  #readsWantUntil = -Infinity;
  #closedUntil = -Infinity;
  #refusals = 0;
  /** After a closure: the first call, from which on calls are spaced for a window; Infinity until there is one. */
  #spacedFrom = -Infinity;
  #spaced = forEach(() => 0);
  #failures = 0;
  #outages = 0;
  /** When the next probe may go out. Null unless there is an outage. */
  #probeAt: number | null = null;
  /** For so long a probe may be on its way: who dies with it does not keep the others waiting for ever. */
  #probeLeaseUntil = -Infinity;
  #failedProbes = 0;
  /** A token was answered since the last probe failed. */
  #tokenAnswered = false;
  /** A read has ended the outage, and whether submits work is not known yet. */
  #isHalfOpen = false;

  constructor(rules: BudgetRules) {
    this.#rules = rules;
    this.#provider = forEach((operation) => new ProviderLimit(operation, rules));
  }

  take(callClass: CallClass, operation: Operation, now: number, id = `${this.#nextId++}`): Taken {
    this.#settle(now);
    const probes = { failedProbes: this.#failedProbes, tokenAnswered: this.#tokenAnswered };
    const closed = this.#closed(1, now, probesLaterMs(operation, probes, this.#rules));
    if (closed !== null) return { permit: null, ...closed };
    const forOurs = this.#wait(limitsOf(callClass, this.#rules, this.#readsWantUntil - now), 1, now);
    if (forOurs > 0 && !isSubmit(operation)) this.#readsWantUntil = now + this.#rules.windowMs;
    const waitMs = Math.max(forOurs, this.#waitForProvider(operation, 1, now));
    if (waitMs > 0) return { permit: null, waitMs, closedBy: 'budget' };
    const { longestHeldMs } = this.#rules;
    const permit = {
      id,
      operation,
      probe: this.#probeAt !== null,
      outages: this.#outages,
      useBy: now + longestHeldMs,
    };
    if (permit.probe) this.#probeLeaseUntil = now + this.#rules.longestCallMs;
    this.record(permit, now);
    return { permit };
  }

  /** A permit that was given here or elsewhere. */
  record({ id, operation }: Permit, now: number): void {
    this.#settle(now);
    if (this.#spacedFrom === Infinity) this.#spacedFrom = now;
    if (now < this.#spacedFrom + this.#rules.windowMs) this.#spaced[operation]++;
    this.#provider[operation].count();
    this.#lanes[operation].add(id, now + this.#rules.longestCallMs);
  }

  peek(callClass: CallClass, calls: number, now: number): Room {
    this.#settle(now);
    const closed = this.#closed(calls, now, 0);
    if (closed !== null) return closed;
    const forOurs = this.#wait(limitsOf(callClass, this.#rules, this.#readsWantUntil - now), calls, now);
    const waitMs = Math.max(forOurs, this.#waitForProvider(OPERATION_OF[callClass], calls, now));
    return { waitMs, closedBy: waitMs > 0 ? 'budget' : null };
  }

  closure(now: number): Closure {
    if (now < this.#closedUntil) return { waitMs: this.#closedUntil - now, closedBy: 'cool_down', probeDue: false };
    if (this.#probeAt === null) return OPEN;
    const { waitMs } = this.#closed(1, now, 0) ?? { waitMs: 0 };
    return { waitMs, closedBy: 'outage', probeDue: waitMs === 0 && !this.#tokenAnswered };
  }

  arrived({ id, operation }: Permit, now: number): void {
    this.#settle(now);
    this.#lanes[operation].arrive(id, now);
  }

  /** @param random uniform in [0, 1) */
  ended(permit: Permit, end: CallEnd, now: number, random: number): void {
    this.#settle(now);
    const lane = this.#lanes[permit.operation];
    if (end.type === 'unreachable' || end.type === 'unsent') lane.giveBack(permit.id);
    else lane.arrive(permit.id, now);
    switch (end.type) {
      case 'answered':
        this.#refusals = 0;
        this.#noteAnswer(permit, now);
        break;
      case 'refused':
        this.#noteAnswer(permit, now);
        this.#coolDown(end.retryAfterMs, now, random);
        break;
      case 'failed':
      case 'unreachable':
        this.#noteFailure(permit, now);
        break;
      case 'unsent':
      case 'unknown':
        // Says nothing of the provider; the next call may be the probe.
        if (permit.probe) this.#probeLeaseUntil = now;
    }
  }

  heed(operation: Operation, hint: RateHint, now: number): void {
    this.#settle(now);
    this.#provider[operation].heed(hint, this.#lanes[operation].onTheWay, now);
  }

  /** The provider asked another worker to wait for so long. */
  close(ms: number, now: number): void {
    this.#coolDown(ms, now, 0);
  }

  get isDown(): boolean {
    return this.#probeAt !== null;
  }

  state(now: number): BudgetState {
    const { waitMs, closedBy } = this.peek('interactive', 1, now);
    return {
      limit: this.#rules.limit,
      windowMs: this.#rules.windowMs,
      used: OPERATIONS.reduce((sum, operation) => sum + this.#lanes[operation].size, 0),
      waitMs,
      closedBy,
      bulkWaitMs: this.peek('bulk', 1, now).waitMs,
      failures: this.#failures,
      kept: 0,
      lowered: this.#lowered(now),
      countedIn: 'memory',
      workers: 1,
    };
  }

  #lowered(now: number): number | null {
    const theirs = this.#provider.submit.limit(now);
    if (theirs === null) return null;
    const calls = Math.floor((theirs.calls * this.#rules.windowMs) / theirs.windowMs);
    return calls < this.#rules.limit ? calls : null;
  }

  #settle(now: number): void {
    for (const operation of OPERATIONS) this.#lanes[operation].settle(now, this.#rules.windowMs);
  }

  /** @param laterMs so much later than others the call may probe */
  #closed(calls: number, now: number, laterMs: number): { waitMs: number; closedBy: 'cool_down' | 'outage' } | null {
    if (now < this.#closedUntil) return { waitMs: this.#closedUntil - now, closedBy: 'cool_down' };
    if (this.#probeAt === null) return null;
    const lease = this.#probeLeaseUntil - now;
    // Its answer is expected sooner.
    if (lease > 0) return { waitMs: Math.min(lease, this.#rules.probeMs), closedBy: 'outage' };
    const probeAt = this.#probeAt + laterMs;
    if (now < probeAt) return { waitMs: probeAt - now, closedBy: 'outage' };
    return calls > 1 ? { waitMs: this.#rules.probeMs, closedBy: 'outage' } : null;
  }

  #waitForProvider(operation: Operation, calls: number, now: number): number {
    const provider = this.#provider[operation];
    const limit = provider.limit(now);
    return Math.max(provider.waitMs(calls, now), limit === null ? 0 : this.#wait([limit], calls, now));
  }

  /** Until `calls` more keep all limits; 0: now. When they need more than one to leave, it may be too short. */
  #wait(limits: readonly Limit[], calls: number, now: number): number {
    let waitMs = 0;
    for (const limit of limits) {
      const wait = Math.max(this.#waitInLog(limit, calls, now), this.#waitForTurn(limit, calls, now));
      waitMs = Math.max(waitMs, Math.min(wait, limit.lastsMs ?? Infinity));
    }
    return waitMs;
  }

  #waitInLog({ operations, calls: allowed, windowMs }: Limit, calls: number, now: number): number {
    const start = now - windowMs;
    const used = operations.reduce((sum, operation) => sum + this.#lanes[operation].countAfter(start), 0);
    const tooMany = used + calls - allowed;
    if (tooMany <= 0) return 0;
    // When so many have left, one lane at least has lost its part of them.
    const rank = Math.ceil(tooMany / operations.length) - 1;
    const time = Math.min(...operations.map((operation) => this.#lanes[operation].timeAfter(start, rank) ?? Infinity));
    // Infinity: more than the limit ever has at once.
    return time === Infinity ? windowMs : time - start;
  }

  /** After a closure calls go out by turns, not all at once. */
  #waitForTurn({ operations, calls: allowed, windowMs }: Limit, calls: number, now: number): number {
    if (now >= this.#spacedFrom + this.#rules.windowMs) return 0;
    const sent = operations.reduce((sum, operation) => sum + this.#spaced[operation], 0);
    const from = Math.min(this.#spacedFrom, now);
    return Math.max(0, from + ((sent + calls - 1) * windowMs) / Math.max(1, allowed) - now);
  }

  #noteAnswer({ operation, probe }: Permit, now: number): void {
    if (operation === 'token' && this.isDown) {
      // It was sent before the outage.
      if (!probe) return;
      // Tokens may come from another server. The next probe is due.
      this.#tokenAnswered = true;
      this.#probeAt = now;
      this.#probeLeaseUntil = -Infinity;
      return;
    }
    this.#isHalfOpen = !isSubmit(operation) && (this.#isHalfOpen || this.isDown);
    this.#failures = this.#isHalfOpen ? this.#rules.outageAfter - 1 : 0;
    if (this.isDown) this.#space();
    this.#probeAt = null;
  }

  #noteFailure({ probe, outages }: Permit, now: number): void {
    const { outageAfter, probeMs } = this.#rules;
    // It was sent before the outage that was over since.
    if (this.#isHalfOpen && outages < this.#outages) return;
    this.#failures++;
    if (outageAfter === 0 || this.#failures < outageAfter) return;
    if (this.#probeAt === null) {
      this.#failedProbes = this.#isHalfOpen ? this.#failedProbes + 1 : 0;
      this.#outages++;
    } else if (probe) this.#failedProbes++;
    else return;
    this.#probeAt = now + backoff(probeMs, this.#failedProbes);
    this.#tokenAnswered = false;
    this.#probeLeaseUntil = -Infinity;
  }

  #coolDown(retryAfterMs: number | null, now: number, random: number): void {
    // A burst of refusals is one: only a refusal after the wait makes the next one longer.
    if (retryAfterMs === null && now < this.#closedUntil) return;
    const wait = retryAfterMs ?? backoff(this.#rules.backoffMs, this.#refusals++) * (0.5 + random / 2);
    this.#closedUntil = Math.max(this.#closedUntil, now + Math.min(wait, LONGEST_COOL_DOWN_MS));
    this.#space();
  }

  #space(): void {
    this.#spacedFrom = Infinity;
    this.#spaced = forEach(() => 0);
  }
}
