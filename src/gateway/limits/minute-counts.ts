/** The calls of a tenant in its minute, which begins with the first of them. */
export interface MinuteCount {
  readonly calls: number;
  readonly endsInMs: number;
}

export const MINUTE_MS = 60_000;

/** The calls that came to this gateway. */
export class MinuteCounts {
  readonly #minutes = new Map<string, { from: number; calls: number }>();
  #sweptAt = -Infinity;

  /** One more, with it counted. @param now of a clock that is not set back */
  count(tenant: string, now: number): MinuteCount {
    this.#sweep(now);
    const known = this.#minutes.get(tenant);
    const minute = known === undefined || isOver(known, now) ? { from: now, calls: 0 } : known;
    minute.calls += 1;
    this.#minutes.set(tenant, minute);
    return { calls: minute.calls, endsInMs: minute.from + MINUTE_MS - now };
  }

  get size(): number {
    return this.#minutes.size;
  }

  /** A token may name any tenant. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < MINUTE_MS) return;
    this.#sweptAt = now;
    for (const [tenant, minute] of this.#minutes) if (isOver(minute, now)) this.#minutes.delete(tenant);
  }
}

function isOver({ from }: { from: number }, now: number): boolean {
  return now - from >= MINUTE_MS;
}
