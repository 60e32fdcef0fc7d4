/**
 * The calls of one operation in the window: those on their way in the order of the latest time at which each can
 * arrive, the others in the order in which they did. So whatever is taken in or let go is at an end.
 */
export class Lane {
  /** Permit -> the latest that its call can arrive. */
  readonly #onTheWay = new Map<string, number>();
  #arrivals: number[] = [];
  /** Those before it have left the window. */
  #first = 0;

  get size(): number {
    return this.#onTheWay.size + this.#arrivals.length - this.#first;
  }

  get onTheWay(): number {
    return this.#onTheWay.size;
  }

  /** To be called first, with a clock that is never set back. */
  settle(now: number, windowMs: number): void {
    for (const [id, latest] of this.#onTheWay) {
      if (latest > now) break;
      this.#onTheWay.delete(id);
      this.#arrivals.push(latest);
    }
    while ((this.#arrivals[this.#first] ?? Infinity) <= now - windowMs) this.#first++;
    if (this.#first > 1_000 && this.#first * 2 > this.#arrivals.length) {
      this.#arrivals = this.#arrivals.slice(this.#first);
      this.#first = 0;
    }
  }

  add(id: string, latest: number): void {
    this.#onTheWay.set(id, latest);
  }

  arrive(id: string, now: number): void {
    if (this.#onTheWay.delete(id)) this.#arrivals.push(now);
  }

  /** A call that has arrived is not given back. */
  giveBack(id: string): void {
    this.#onTheWay.delete(id);
  }

  /** Calls after `start`, those on their way included. */
  countAfter(start: number): number {
    return this.#onTheWay.size + this.#arrivals.length - this.#indexAfter(start);
  }

  /** The time of the call of that rank (0: the first) after `start`; of those on their way, that of the first. */
  timeAfter(start: number, rank: number): number | undefined {
    return this.#arrivals[this.#indexAfter(start) + rank] ?? this.#onTheWay.values().next().value;
  }

  /** By bisection, unless `start` is that of the window. */
  #indexAfter(start: number): number {
    let [low, high] = [this.#first, this.#arrivals.length];
    if ((this.#arrivals[low] ?? Infinity) > start) return low;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#arrivals[middle] ?? Infinity) > start) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
