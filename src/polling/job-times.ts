/** How long the provider's jobs take, by kind of request: what is remembered, and what is read out of it. */
export interface JobTimes {
  /** The last lengths known of a kind, in milliseconds, newest first. Never rejects, and takes at most 300 ms. */
  lengths(kind: string): Promise<readonly number[]>;
  /** Remembers one more, and returns what is known then. Waits for nothing. */
  learn(kind: string, lengthMs: number): readonly number[];
}

/** The kind of the requests that name none. */
export const DEFAULT_KIND = 'default';

export const LENGTHS_KEPT = 50;

/** Of fewer lengths nothing is concluded. */
export const LENGTHS_NEEDED = 5;

const KINDS_KEPT = 1_000;
const LONGEST_MS = 30 * 24 * 3_600_000;

/**
 * How long a job took by the provider's own clock, in milliseconds; null when its times are missing or make no sense.
 * Times without fractions of a second make short jobs look like none at all: nothing is learned from those.
 */
export function jobLengthMs(job: { createdAt: string | null; completedAt: string | null }): number | null {
  if (job.createdAt === null || job.completedAt === null) return null;
  const lengthMs = Date.parse(job.completedAt) - Date.parse(job.createdAt);
  return isJobLength(lengthMs) ? lengthMs : null;
}

export function isJobLength(lengthMs: number): boolean {
  return lengthMs > 0 && lengthMs <= LONGEST_MS;
}

/** `lengths` and one more, without the oldest ones. */
export function remembered(lengths: readonly number[], lengthMs: number): readonly number[] {
  return [lengthMs, ...lengths].slice(0, LENGTHS_KEPT);
}

/** The smallest of `lengths` that `share` of them do not exceed. There must be at least one. */
export function quantile(lengths: readonly number[], share: number): number {
  const sorted = lengths.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** The median, in milliseconds; null while too few are known. */
export function usualLengthMs(lengths: readonly number[]): number | null {
  return lengths.length < LENGTHS_NEEDED ? null : quantile(lengths, 0.5);
}

/** What is known of each kind. Callers name the kinds, so their number is bounded: the least recently used one goes. */
export class KnownKinds<Known> {
  readonly #kinds = new Map<string, Known>();

  get(kind: string): Known | undefined {
    const known = this.#kinds.get(kind);
    if (known !== undefined) this.set(kind, known);
    return known;
  }

  set(kind: string, known: Known): void {
    this.#kinds.delete(kind);
    this.#kinds.set(kind, known);
    for (const oldest of this.#kinds.keys()) {
      if (this.#kinds.size <= KINDS_KEPT) return;
      this.#kinds.delete(oldest);
    }
  }
}
