/** A reading lets nobody be refused that is older than this. */
const FRESH_MS = 1_000;
/** And nobody in: other gateways start requests too. So long while less than half of them are open. */
const LAZY_MS = 5_000;
/** Where no newer one can be had it counts for so long. */
const BELIEVED_MS = 30_000;
/** By then the server lists what was started. */
const LISTED_MS = 5_000;

/** What a request that would be one more is told. `unsure`: count first. */
export type Verdict = 'in' | 'full' | 'unsure';

/**
 * The requests of one tenant that are open: as the server counted them, with what became of them here since. Times are
 * those of a clock that is not set back.
 */
export class OpenRequests {
  readonly #most: number;
  /** What the server counted, when it was asked, and what had changed here by then. */
  #reading = { open: 0, askedAt: -Infinity, changes: 0 };
  /** Starts that are known here, less ends that are. */
  #changes = 0;
  /** On their way to the server. */
  #starting = 0;
  /** By their ids, when they were started here: the server may not list them yet. */
  readonly #started = new Map<string, number>();
  /** When they were known to have ended here: several may wait for one. */
  readonly #ended = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  get open(): number {
    return Math.max(0, this.#reading.open + this.#changes - this.#reading.changes) + this.#starting;
  }

  verdict(now: number): Verdict {
    const age = now - this.#reading.askedAt;
    if (this.#isFull) return age < FRESH_MS ? 'full' : 'unsure';
    return age < (2 * this.open < this.#most ? LAZY_MS : FRESH_MS) ? 'in' : 'unsure';
  }

  /** The same where the server does not count: a limit that nobody can keep keeps nobody out. */
  lastWord(now: number): Exclude<Verdict, 'unsure'> {
    return this.#isFull && now - this.#reading.askedAt < BELIEVED_MS ? 'full' : 'in';
  }

  get #isFull(): boolean {
    return this.open >= this.#most;
  }

  /** Whether nothing is known here that a new reading would not tell. */
  isIdle(now: number): boolean {
    return this.#starting === 0 && now - this.#reading.askedAt > BELIEVED_MS;
  }

  /** @returns what the server is to be asked with, and how to take its answer in */
  ask(now: number): { started: string[]; answered: (open: number) => void } {
    for (const [id, at] of this.#started) if (now - at > LISTED_MS) this.#started.delete(id);
    for (const [id, at] of this.#ended) if (now - at > LISTED_MS) this.#ended.delete(id);
    const changes = this.#changes;
    const answered = (open: number): void => void (this.#reading = { open, askedAt: now, changes });
    return { started: [...this.#started.keys()], answered };
  }

  /** One more begins. */
  begin(): void {
    this.#starting += 1;
  }

  /** It came to nothing. */
  fail(): void {
    this.#starting -= 1;
  }

  /** It is there: a new one, or, by its key, one that was. */
  start(id: string, now: number): void {
    this.#starting -= 1;
    this.#ended.delete(id);
    if (!this.#started.has(id)) this.#changes += 1;
    this.#started.set(id, now);
  }

  end(id: string, now: number): void {
    if (this.#ended.has(id)) return;
    this.#ended.set(id, now);
    this.#started.delete(id);
    this.#changes -= 1;
  }
}
