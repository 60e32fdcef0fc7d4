/** Attempts to one target at once: more would be a flood for a small receiver, and block the others behind a slow one. */
const MOST_AT_ONCE = 10;

/** Failures in a row after which a target counts as down. */
const OPENS_AFTER = 5;
const FIRST_CLOSED_MS = 10_000;
const LONGEST_CLOSED_MS = 300_000;

/** Why no attempt may be made now. */
export interface Held {
  waitMs: number;
  /** It does not take anything; else others are on their way to it. */
  isDown: boolean;
}

/** What one process knows of one target: how many attempts are on their way, and whether it is down. */
export class TargetGate {
  #onTheirWay = 0;
  #failures = 0;
  /** Milliseconds since 1970. */
  #closedUntil = 0;
  #isProbed = false;

  get isIdle(): boolean {
    return this.#onTheirWay === 0;
  }

  /** Lets an attempt through, which `leave` ends; else says why not. A target that was down is asked by one alone. */
  enter(now: number): Held | null {
    const isDown = this.#failures >= OPENS_AFTER;
    if (isDown && (this.#isProbed || now < this.#closedUntil)) {
      return { waitMs: Math.max(this.#closedUntil - now, 0), isDown };
    }
    if (this.#onTheirWay >= MOST_AT_ONCE) return { waitMs: 0, isDown: false };
    this.#onTheirWay++;
    this.#isProbed = isDown;
    return null;
  }

  /** @param isUp whether it answered, and had no trouble of its own */
  leave(isUp: boolean, now: number): void {
    this.#onTheirWay--;
    this.#isProbed = false;
    this.#failures = isUp ? 0 : this.#failures + 1;
    const rounds = this.#failures - OPENS_AFTER;
    if (rounds >= 0) this.#closedUntil = now + Math.min(LONGEST_CLOSED_MS, FIRST_CLOSED_MS * 2 ** Math.min(rounds, 10));
  }
}
