import { randomUUID } from 'node:crypto';
import KeyvRedis from '@keyv/redis';
import { createKeyv, Keyv } from 'cacheable';
import type { AnswerKey, CacheQuestion, StoredAnswer } from '../contract/activities.ts';
import type { ProcessResult } from '../contract/request.ts';
import { answerInTime } from '../redis/answer-in-time.ts';
import type { RedisClient } from '../redis/connect-redis.ts';

/** Told of what the cache does. Must not throw. */
export interface AnswerCacheObserver {
  /** Whether an earlier answer was found; `unavailable`: the store did not say. */
  answerLookedUp(outcome: 'hit' | 'miss' | 'unavailable'): void;
  /** The store does not answer, for the first time since it last did. Requests go on as if nothing were stored. */
  answersUnavailable(reason: string): void;
}

export interface AnswerCacheOptions {
  /** So long an answer is given to equal requests; 0: never. */
  ttlMs: number;
  /** So long an answer may stand in for one that failed; 0: never. */
  fallbackMaxAgeMs: number;
  /** What tells this provider from another in the same Redis, as in all our keys. */
  scope: string;
  /** Absent: answers are kept in this process, and no other knows of them. */
  redis?: RedisClient | undefined;
  observer: AnswerCacheObserver;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** `slot`: where the answer is to be stored once it is there; null: nowhere. */
export interface LookedUp {
  slot: string | null;
  answer: StoredAnswer | null;
}

const MAX_ANSWER_BYTES = 256 * 1024;
/** With the limit above this is at most 128 MiB of text. */
const MAX_ANSWERS_IN_MEMORY = 500;
/** To lose a generation is to forget its answers, which is always allowed: tenants that went away leave nothing. */
const GENERATION_TTL_MS = 30 * 24 * 3_600_000;

/** Tenants whose generation is remembered. */
const MOST_GENERATIONS = 1_000;

const NOTHING: LookedUp = { slot: null, answer: null };

/**
 * The provider's answers, by tenant and input: one entry serves equal requests while it is fresh, and failed ones as
 * long as the fallback takes it. It is customer data, and in Redis it lies as it is: the key of provider/token-cipher.ts
 * is not used here.
 *
 * With Redis there is no memory in front of it: what one process would still remember, an invalidation that another one
 * carries out could not reach.
 */
export class AnswerCache {
  readonly #options: AnswerCacheOptions;
  readonly #store: Keyv;
  readonly #keepMs: number;
  /** Tenant -> the generation that was last read: a guess, never believed. */
  readonly #generations = new Map<string, string>();
  #isDown = false;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
    this.#store = storeOf(options);
    this.#keepMs = Math.ceil(Math.max(options.ttlMs, options.fallbackMaxAgeMs));
  }

  /** A fresh answer, if it may be used and is there. A store that does not answer has none. */
  async lookUp({ use, maxAgeMs = Infinity, ...asked }: CacheQuestion): Promise<LookedUp> {
    if (this.#keepMs === 0) return NOTHING;
    const { observer } = this.#options;
    const ttlMs = Math.min(this.#options.ttlMs, maxAgeMs);
    const reads = use === 'read' && ttlMs > 0;
    const found = await this.#tried(() => this.#find(asked, reads ? ttlMs : 0));
    if (reads) observer.answerLookedUp(found === null ? 'unavailable' : found.answer ? 'hit' : 'miss');
    return found ?? NOTHING;
  }

  /** The last answer that the provider gave, if it is not too old to stand in for one that failed. */
  async lastGood(asked: AnswerKey): Promise<StoredAnswer | null> {
    const found = await this.#tried(() => this.#find(asked, this.#options.fallbackMaxAgeMs));
    return found?.answer ?? null;
  }

  async store(slot: string, result: ProcessResult): Promise<void> {
    const answer: StoredAnswer = { result, storedAt: new Date(this.#options.now()).toISOString() };
    if (Buffer.byteLength(JSON.stringify(answer)) > MAX_ANSWER_BYTES) return;
    await this.#tried(() => this.#store.set(slot, answer, this.#keepMs));
  }

  /**
   * Forgets one answer, or with `key` null all of the tenant, those included that are on their way: they go into slots
   * where nobody looks any more.
   * @throws when the store does not answer
   */
  async invalidate(tenant: string, key: string | null): Promise<void> {
    await this.#store.delete(key === null ? generationOf(tenant) : await this.#slotOf({ tenant, key }));
  }

  async #find(asked: AnswerKey, maxAgeMs: number): Promise<LookedUp> {
    const reads = maxAgeMs > 0;
    // Asked for together with the generation, which is nearly always the one that it was: then that is one round trip.
    const guess = reads ? this.#guessOf(asked) : null;
    const guessed: Promise<unknown> = guess === null ? Promise.resolve() : this.#store.get(guess);
    const [slot, atGuess] = await Promise.all([this.#slotOf(asked), guessed]);
    if (!reads) return { slot, answer: null };
    const answer: unknown = slot === guess ? atGuess : await this.#store.get(slot);
    // The store's own clock only clears away: another one may have asked for another age.
    const isYoung = isAnswer(answer) && this.#options.now() - Date.parse(answer.storedAt) < maxAgeMs;
    return { slot, answer: isYoung ? answer : null };
  }

  /** A new generation has new slots: so all answers of a tenant are forgotten at once, and none has to be found. */
  async #slotOf({ tenant, key }: AnswerKey): Promise<string> {
    let generation: unknown = await this.#store.get(generationOf(tenant));
    if (typeof generation !== 'string') {
      generation = randomUUID();
      await this.#store.set(generationOf(tenant), generation, GENERATION_TTL_MS);
    }
    if (this.#generations.size >= MOST_GENERATIONS) this.#generations.clear();
    this.#generations.set(tenant, String(generation));
    return slotOf(tenant, String(generation), key);
  }

  #guessOf({ tenant, key }: AnswerKey): string | null {
    const generation = this.#generations.get(tenant);
    return generation === undefined ? null : slotOf(tenant, generation, key);
  }

  /** Null when the store does not answer in time: however many commands it takes, no request waits longer for it. */
  async #tried<T>(use: () => Promise<T>): Promise<T | null> {
    try {
      const used = await answerInTime(use());
      this.#isDown = false;
      return used;
    } catch (error) {
      if (!this.#isDown) this.#options.observer.answersUnavailable(error instanceof Error ? error.message : 'unknown');
      this.#isDown = true;
      return null;
    }
  }
}

function storeOf({ redis, scope }: AnswerCacheOptions): Keyv {
  if (redis === undefined) return createKeyv({ lruSize: MAX_ANSWERS_IN_MEMORY });
  return new Keyv(new KeyvRedis(redis, { throwOnErrors: true }), {
    namespace: `external-api:{${scope}}:answers`,
    // The adapter puts the namespace before the key; Keyv would do it once more.
    useKeyPrefix: false,
    throwOnErrors: true,
  });
}

function slotOf(tenant: string, generation: string, key: string): string {
  return `${tenant}/${generation}/${key}`;
}

function generationOf(tenant: string): string {
  return `${tenant}/generation`;
}

/** What others wrote into the same Redis is no answer. */
function isAnswer(value: unknown): value is StoredAnswer {
  if (typeof value !== 'object' || value === null || !('result' in value) || !('storedAt' in value)) return false;
  const { result, storedAt } = value;
  return (
    typeof storedAt === 'string' &&
    !Number.isNaN(Date.parse(storedAt)) &&
    typeof result === 'object' &&
    result !== null &&
    'processedData' in result &&
    'metadata' in result
  );
}
