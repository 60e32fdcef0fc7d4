const FIRST_GAP_MS = 1_000;
const LONGEST_GAP_MS = 60_000;

/**
 * Which callbacks are heeded: one at once, then the next after 1, 2, 4, … 60 s while the provider says that it still works.
 * So a provider that reports progress is asked as often as that makes sense, and a flood grows no history.
 */
export class HintPlan {
  #lookAt = -Infinity;
  #nextAt = -Infinity;
  #gapMs = FIRST_GAP_MS;
  /** Looks that callbacks asked for. */
  looks = 0;

  /** So long after the hint is the work to be looked at; null: a look that comes anyway will do. Milliseconds. */
  heed(now: number): number | null {
    if (now < this.#lookAt) return null;
    this.#lookAt = Math.max(now, this.#nextAt);
    this.#nextAt = this.#lookAt + this.#gapMs;
    this.#gapMs = Math.min(this.#gapMs * 2, LONGEST_GAP_MS);
    this.looks++;
    return this.#lookAt - now;
  }
}
