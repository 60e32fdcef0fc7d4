import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { HttpError } from '../http-error.ts';
import { FailedAttempts } from './failed-attempts.ts';

/** The `error` member of the problem. */
export const TOO_MANY_FAILED_ATTEMPTS = 'TooManyFailedAttemptsError';

const MOST_GOOD = 10_000;
const LONGEST_MS = 300_000;
/** A key that fails may become good: its client has it before the gateway. */
const LONGEST_OF_ONE_MS = 10_000;

/** What was shown, and from where, before anybody looks at it. */
export interface Attempt {
  readonly network: string;
  /** This credential from this network. */
  readonly id: string;
  /** Milliseconds of a slow-down that are left; 0: there is none. */
  readonly waitMs: number;
  /**
   * `tokens`: as a key it may be a guess, and whether it is a good one is what a guesser wants to know. A token is none:
   * everybody can read whether it has expired, and nobody can make up its signature.
   */
  readonly lookAt: 'all' | 'tokens' | 'nothing';
}

/** What is slowed down, for how many milliseconds. */
export interface Slowed {
  what: 'address' | 'credential';
  forMs: number;
}

/**
 * Slows failed attempts down: those with one credential, and those with all that are not known to be good there. The same
 * credential counts once for its network, since it guesses no more: one broken client does not slow its neighbours down.
 */
export class SlowDown {
  readonly #credentials = new FailedAttempts(LONGEST_OF_ONE_MS);
  readonly #networks = new FailedAttempts(LONGEST_MS);
  /** Attempts that succeeded; nobody gets in here without a good credential. */
  readonly #good = new LRUCache<string, true>({ max: MOST_GOOD });
  /** So that memory holds no digest of a key. */
  readonly #secret = randomBytes(32);

  attempt(network: string, credential: string, now: number): Attempt {
    const id = createHmac('sha256', this.#secret).update(`${network} ${credential}`).digest('base64');
    const own = this.#credentials.waitOf(id, now);
    const ofNetwork = this.#networks.waitOf(network, now);
    const isFree = ofNetwork === 0 || this.#good.has(id);
    const lookAt = own > 0 ? 'nothing' : isFree ? 'all' : 'tokens';
    return { network, id, waitMs: Math.max(own, ofNetwork), lookAt };
  }

  succeeded({ id }: Attempt): void {
    this.#good.set(id, true);
  }

  /** @returns what is slowed down from now on; null: nothing */
  failed({ network, id }: Attempt, now: number): Slowed | null {
    const isNew = !this.#credentials.knows(id);
    const own = this.#credentials.failed(id, now);
    if (own > 0) return { what: 'credential', forMs: own };
    const forMs = isNew ? this.#networks.failed(network, now) : 0;
    return forMs === 0 ? null : { what: 'address', forMs };
  }
}

export function tooManyFailedAttempts({ waitMs }: Attempt): HttpError {
  return new HttpError(
    429,
    TOO_MANY_FAILED_ATTEMPTS,
    'Too many attempts to authenticate from this address have failed. Come back when Retry-After says.',
    { 'retry-after': String(Math.ceil(waitMs / 1000)) },
  );
}
