const FIRST_GAP_MS = 1_000;
const SHORT_GAP_MS = 60_000;
const LONGEST_GAP_MS = 6 * 3_600_000;
const GAPS_PER_AGE = 20;

/**
 * How long after a callback that came to nothing the next one is heeded, of what has been watched for so long: a minute,
 * then a twentieth of that time, at most 6 hours. So those of 30 days fill no history.
 */
export function hintGapMs(ageMs: number): number {
  return Math.min(Math.max(SHORT_GAP_MS, ageMs / GAPS_PER_AGE), LONGEST_GAP_MS);
}

/**
 * Which callbacks are heeded: one at once, then the next after 1, 2, 4, … 60 s while the provider says that it still works,
 * then as {@link hintGapMs} says. So a provider that reports progress is asked as often as that makes sense.
 */
export class HintPlan {
  readonly #since: number;
  #lookAt = -Infinity;
  #nextAt = -Infinity;
  #gapMs = FIRST_GAP_MS;

  /** @param since when the work was first watched. Milliseconds since 1970, as all times here */
  constructor(since: number) {
    this.#since = since;
  }

  /** Whether a callback that came at that time is answered by no look that was planned before. */
  isNews(callbackAt: number): boolean {
    return callbackAt > this.#lookAt;
  }

  /** Plans a look: so many milliseconds from now. */
  heed(now: number): number {
    this.#lookAt = Math.max(now, this.#nextAt);
    this.#nextAt = this.#lookAt + Math.min(this.#gapMs, hintGapMs(this.#lookAt - this.#since));
    this.#gapMs *= 2;
    return this.#lookAt - now;
  }
}
