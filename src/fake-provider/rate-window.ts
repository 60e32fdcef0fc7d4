/** Calls that would be admitted until `resetMs` have passed, when the first admitted one leaves the window. */
export interface RoomLeft {
  remaining: number;
  resetMs: number;
}

/**
 * At most `limit` calls in any sliding window: call k is admitted when call k − limit has left it.
 * A ring of the last `limit` admissions answers that in O(1). Refused calls do not count.
 */
export class RateWindow {
  #admitted = new Float64Array(0);
  /** Index of the oldest admission. */
  #oldest = 0;

  /** Admits a call at `nowMs` and returns 0, or refuses it and returns the milliseconds until there is room. */
  take(nowMs: number, limit: number, windowMs: number): number {
    if (limit === 0) return 0;
    if (limit !== this.#admitted.length) this.#resize(limit);
    const roomAt = (this.#admitted[this.#oldest] ?? -Infinity) + windowMs;
    if (nowMs < roomAt) return roomAt - nowMs;
    this.#admitted[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % limit;
    return 0;
  }

  room(nowMs: number, limit: number, windowMs: number): RoomLeft {
    const inWindow = this.#inOrder().filter((at) => at + windowMs > nowMs);
    const [first = nowMs] = inWindow;
    return { remaining: Math.max(0, limit - inWindow.length), resetMs: first + windowMs - nowMs };
  }

  #resize(limit: number): void {
    const kept = this.#inOrder().slice(-limit);
    this.#admitted = new Float64Array(limit).fill(-Infinity);
    this.#admitted.set(kept, limit - kept.length);
    this.#oldest = 0;
  }

  #inOrder(): number[] {
    return [...this.#admitted.subarray(this.#oldest), ...this.#admitted.subarray(0, this.#oldest)];
  }
}
