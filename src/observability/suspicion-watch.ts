import { SUSPICIONS, type SuspicionLimits, type SuspicionName, type SuspicionRule } from '../contract/suspicions.ts';

export interface Suspicion {
  rule: SuspicionName;
  /** Whose: an address, a tenant, an operation. */
  subject: string;
  /** In this window so far. */
  count: number;
  windowMs: number;
}

interface Count {
  since: number;
  seen: number;
  all: number;
  told: boolean;
}

/** So many are counted, of all rules; who was seen longest ago goes first. */
const MOST_SUBJECTS = 10_000;

/** Counts, and says of each rule and subject once in a window that it is too much. Pure but for its counts. */
export class SuspicionWatch {
  readonly #limits: SuspicionLimits;
  readonly #counts = new Map<string, Count>();

  constructor(limits: SuspicionLimits) {
    this.#limits = limits;
  }

  /**
   * @param isBad false: one of those that a share is taken of
   * @param now milliseconds
   * @returns what is to be told; null: nothing, or it was told in this window
   */
  seen(rule: SuspicionName, subject: string, now: number, isBad = true): Suspicion | null {
    const { windowMs, thresholds } = this.#limits;
    const { threshold: usual, share = 0 }: SuspicionRule = SUSPICIONS[rule];
    const threshold = thresholds[rule] ?? usual;
    if (threshold === 0) return null;
    const key = `${rule} ${subject}`;
    const known = this.#counts.get(key);
    const count =
      known !== undefined && now - known.since < windowMs ? known : { since: now, seen: 0, all: 0, told: false };
    // The latest seen stand last.
    this.#counts.delete(key);
    this.#counts.set(key, count);
    if (this.#counts.size > MOST_SUBJECTS) this.#counts.delete(this.#counts.keys().next().value ?? '');
    count.all += 1;
    if (isBad) count.seen += 1;
    if (count.told || count.seen < threshold || count.seen < share * count.all) return null;
    count.told = true;
    return { rule, subject, count: count.seen, windowMs };
  }
}

/** Its line in the log. */
export function suspicionEvent({ rule, subject, count, windowMs }: Suspicion) {
  return { event: 'suspicious_activity', rule, subject, count, window: windowMs / 1000 };
}

export function suspicionText({ rule }: Suspicion): string {
  return `Suspicious: ${SUSPICIONS[rule].means}, more than usual`;
}
