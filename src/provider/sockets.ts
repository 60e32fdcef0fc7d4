import { LONGEST_WAIT_MS } from '../call-budget/rules.ts';

/** All sockets were in use for 5 s: nothing was sent. */
export class NoSocketError extends Error {
  constructor() {
    super('no socket');
  }
}

/**
 * The places on the sockets to the provider, one for each call at a time, in the order of asking. Who has one has a
 * socket too: a call with a permit waits for nothing but its connection.
 */
export class Sockets {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(places: number) {
    this.#free = places;
  }

  /**
   * Takes a place, which the returned function gives back; to be called once.
   * @throws NoSocketError when there is none within 5 s; the signal's reason
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal);
    return () => this.#release();
  }

  get free(): number {
    return this.#free;
  }

  /** Calls that wait for a place. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A place goes from hand to hand: who waits is not overtaken. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#free++;
    else next();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(onTurn);
        act();
      };
      const onTurn = settle(resolve);
      const onAbort = settle(() => reject(signal?.reason as Error));
      const timer = setTimeout(
        settle(() => reject(new NoSocketError())),
        LONGEST_WAIT_MS,
      );
      signal?.addEventListener('abort', onAbort);
      this.#waiting.add(onTurn);
    });
  }
}
