import type { TemporalEvents, TemporalOutage } from '../observability/temporal-events.ts';
import { failureOf } from './temporal-failures.ts';
import { pause, within } from './time-limits.ts';

const PERIOD_MS = 5_000;
const TELL_EVERY_MS = 10_000;

/** Whether the Temporal server answers: said by who waits for it, then by a question every 5 s. */
export class TemporalWatch {
  readonly #events: TemporalEvents;
  #outage: TemporalOutage | null = null;
  #toldAt = 0;

  constructor(events: TemporalEvents) {
    this.#events = events;
  }

  /** Null: it answers, as far as is known. */
  get outage(): TemporalOutage | null {
    return this.#outage;
  }

  /**
   * Told once, when it begins.
   * @param since when it was asked
   * @param again whether to tell it again every 10 s
   */
  lost(error: unknown, since: Date, { again = false } = {}): void {
    const isNew = this.#outage === null;
    this.#outage = { since: this.#outage?.since ?? since, reason: failureOf(error) };
    if (!isNew && !(again && performance.now() - this.#toldAt >= TELL_EVERY_MS)) return;
    this.#toldAt = performance.now();
    this.#events.unavailable(this.#outage);
  }

  found(): void {
    if (this.#outage !== null) this.#events.available(this.#outage);
    this.#outage = null;
  }

  /** Asks until `signal` aborts. An answer that takes longer than 5 s is none. */
  async follow(ask: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(PERIOD_MS, signal);
      if (signal.aborted) return;
      const askedAt = new Date();
      try {
        await within(PERIOD_MS, ask());
        this.found();
      } catch (error) {
        if (!signal.aborted) this.lost(error, askedAt);
      }
    }
  }
}
