import type { Operation } from '../contract/values.ts';
import { HINT_WINDOWS, LONGEST_COOL_DOWN_MS, type BudgetRules, type Limit, type RateHint } from './rules.ts';

/**
 * What the provider said of its own limit for one operation. The window of a limit that names none is the longest time
 * to a reset that was seen; until a whole window of ours was watched, it is ours.
 */
export class ProviderLimit {
  readonly #operation: Operation;
  readonly #rules: Pick<BudgetRules, 'limit' | 'windowMs'>;
  #calls = 0;
  #windowMs: number | null = null;
  #until = -Infinity;
  #watchedFrom = 0;
  #longestResetMs = 0;
  #left = 0;
  #leftUntil = -Infinity;

  constructor(operation: Operation, rules: Pick<BudgetRules, 'limit' | 'windowMs'>) {
    this.#operation = operation;
    this.#rules = rules;
  }

  /** @param onTheWay calls that the provider may not have counted yet */
  heed({ limit, windowMs, remaining, resetMs }: RateHint, onTheWay: number, now: number): void {
    if (limit !== null) {
      if (now >= this.#until) {
        this.#watchedFrom = now;
        this.#longestResetMs = 0;
      }
      this.#calls = Math.max(1, limit);
      this.#windowMs = windowMs;
      this.#until = now + HINT_WINDOWS * this.#rules.windowMs;
    }
    if (resetMs === null) return;
    this.#longestResetMs = Math.max(this.#longestResetMs, resetMs);
    if (remaining === null) return;
    this.#left = Math.max(0, remaining - onTheWay);
    this.#leftUntil = now + Math.min(resetMs, LONGEST_COOL_DOWN_MS);
  }

  /** A call of the operation goes out. */
  count(): void {
    this.#left--;
  }

  /** Until the provider would take `calls` more, as it said; 0: now. */
  waitMs(calls: number, now: number): number {
    return now < this.#leftUntil && calls > this.#left ? this.#leftUntil - now : 0;
  }

  /** At most in one of our windows; null when that is not lower than our own. */
  limit(now: number): Limit | null {
    if (now >= this.#until) return null;
    const ours = this.#rules.windowMs;
    const seen = now >= this.#watchedFrom + ours && this.#longestResetMs > 0 ? this.#longestResetMs : ours;
    const windowMs = this.#windowMs ?? seen;
    // As many of our windows as touch one of the provider's may be full.
    const calls = Math.max(1, Math.floor(this.#calls / Math.max(1, Math.ceil(windowMs / ours))));
    if (windowMs >= ours && calls >= this.#rules.limit) return null;
    return { operations: [this.#operation], calls, windowMs: Math.min(windowMs, ours) };
  }
}
