import { LRUCache } from 'lru-cache';

/** So many failures within so long slow a subject down. */
const ALLOWANCE = 10;
const WINDOW_MS = 60_000;
const FIRST_MS = 10_000;
/** After so long without another, the next one is a first one again. */
const FORGOTTEN_MS = 900_000;
/** So many of each are remembered; who was seen longest ago goes first. */
const MOST_SUBJECTS = 10_000;

interface SlowDown {
  until: number;
  lengthMs: number;
}

/** Who failed how often, and who is slowed down for it. Pure but for what it remembers; the clock never goes back. */
export class FailedAttempts {
  /** Of those that are not slowed down, when. */
  readonly #failures = new LRUCache<string, readonly number[]>({ max: MOST_SUBJECTS });
  /** Apart: however many subjects fail once, none of these is forgotten for it. */
  readonly #slowDowns = new LRUCache<string, SlowDown>({ max: MOST_SUBJECTS });
  readonly #longestMs: number;

  /** @param longestMs each slow-down is twice as long as the one before, up to this */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Whether it has failed before. */
  knows(subject: string): boolean {
    return this.#failures.has(subject) || this.#slowDowns.has(subject);
  }

  /** Milliseconds until its slow-down is over; 0: there is none. */
  waitOf(subject: string, now: number): number {
    return Math.max(0, (this.#slowDowns.get(subject)?.until ?? now) - now);
  }

  /** @returns how long the slow-down is that begins with this failure, in milliseconds; 0: none begins */
  failed(subject: string, now: number): number {
    // What was under way when it began is not counted for the next one.
    if (this.waitOf(subject, now) > 0) return 0;
    const recent = (this.#failures.get(subject) ?? []).filter((at) => now - at < WINDOW_MS);
    if (recent.length + 1 < ALLOWANCE) {
      this.#failures.set(subject, [...recent, now]);
      return 0;
    }
    this.#failures.delete(subject);
    const last = this.#slowDowns.get(subject);
    const isFirst = last === undefined || now - last.until >= FORGOTTEN_MS;
    const lengthMs = isFirst ? FIRST_MS : Math.min(2 * last.lengthMs, this.#longestMs);
    this.#slowDowns.set(subject, { until: now + lengthMs, lengthMs });
    return lengthMs;
  }
}
