import { createHash } from 'node:crypto';
import { answerInTime } from '../../redis/answer-in-time.ts';
import type { RedisClient } from '../../redis/connect-redis.ts';
import type {
  BudgetRules,
  BudgetState,
  CallClass,
  CallEnd,
  ClosedBy,
  Permit,
  RateHint,
  Room,
  Taken,
} from './budget.ts';
import { REDIS_SCRIPT } from './redis-script.ts';

const SHA1 = createHash('sha1').update(REDIS_SCRIPT).digest('hex');

/** Redis has lost the log, or a part of it, since this worker has seen it. */
export class LogGoneError extends Error {
  override readonly name = 'LogGoneError';

  constructor() {
    super('Redis has lost the log of calls');
  }
}

/** Until `quietMs` have passed the log is not complete, and nobody gets an exact permit. */
export interface Quiet {
  quietMs: number;
}

/** What a worker says of itself when it beats. */
export interface Holding {
  fleetSize: number;
  /** Of its last beat. */
  workers: number;
  grant: number;
  alone: boolean;
  /** It may have made calls that are not in the log. */
  unseen: boolean;
}

export interface Beat extends Quiet {
  /** The log was empty, or less than this worker had seen. */
  gone: boolean;
  /** Workers that beat in the last 10 s. */
  live: number;
  /** The most at once in the last 10 minutes, and not less than `fleetSize`. */
  workers: number;
  /** Calls in any window that this worker may make when Redis is lost. */
  grant: number;
  /** There is no other worker, and none gets a permit before this one has been told so. */
  alone: boolean;
  closedMs: number;
  failures: number;
  lowered: number | null;
  /** Permit -> milliseconds from now, mostly negative. */
  entries: Map<string, number>;
}

export interface RedisStoreOptions {
  client: RedisClient;
  /** One budget; no braces. */
  scope: string;
  rules: BudgetRules;
  /** Unique in the fleet. */
  worker: string;
  /** Milliseconds; default: Redis's own clock. */
  clock?: () => number;
}

/**
 * The log of a fleet, as redis-script.ts has it. Every command ends within 300 ms, and rejects with a LogGoneError, or
 * with any other error when Redis does not answer, or with nonsense.
 */
export class RedisStore {
  readonly #client: RedisClient;
  readonly #worker: string;
  readonly #clock: (() => number) | undefined;
  readonly #keys: string[];
  readonly #rules: string[];
  #seq = 0;

  constructor({ client, scope, rules, worker, clock }: RedisStoreOptions) {
    this.#client = client;
    this.#worker = worker;
    this.#clock = clock;
    // The braces keep them in one slot of a cluster.
    this.#keys = ['log', 'state', 'workers', 'fleet'].map((key) => `external-api:{${scope}}:${key}`);
    const { limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs } = rules;
    this.#rules = [limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs].map(String);
  }

  /** @param byShare the caller has a permit of its share, and only cool-down and outage can refuse it */
  async take(callClass: CallClass, id: string, byShare: boolean): Promise<Quiet & { taken: Taken }> {
    const answer = await this.#run('take', callClass, id, flag(byShare));
    const { quietMs } = answer;
    if (answer.word() === 'granted') return { quietMs, taken: { permit: { id, probe: answer.flag() } } };
    return { quietMs, taken: { permit: null, waitMs: answer.number(), closedBy: answer.closedBy() ?? 'budget' } };
  }

  async peek(callClass: CallClass, calls: number, byShare: boolean): Promise<Quiet & Room> {
    const answer = await this.#run('peek', callClass, String(calls), flag(byShare));
    return { quietMs: answer.quietMs, waitMs: answer.number(), closedBy: answer.closedBy() };
  }

  async arrived({ id }: Permit): Promise<void> {
    await this.#run('arrived', id);
  }

  /** @param random uniform in [0, 1) */
  async ended({ id, probe }: Permit, end: CallEnd, random: number): Promise<void> {
    const retryAfter = end.type === 'refused' ? optional(end.retryAfterMs) : '';
    await this.#run('ended', id, flag(probe), end.type, retryAfter, String(random));
  }

  async heed({ limit, remaining, resetMs }: RateHint): Promise<void> {
    await this.#run('heed', optional(limit), optional(remaining), optional(resetMs));
  }

  async state(): Promise<Quiet & Omit<BudgetState, 'limit' | 'windowMs' | 'countedIn' | 'workers'>> {
    const answer = await this.#run('state');
    return {
      quietMs: answer.quietMs,
      used: answer.number(),
      waitMs: answer.number(),
      closedBy: answer.closedBy(),
      bulkWaitMs: answer.number(),
      failures: answer.number(),
      lowered: answer.optionalNumber(),
    };
  }

  async beat({ fleetSize, workers, grant, alone, unseen }: Holding): Promise<Beat> {
    const numbers = [fleetSize, workers, grant].map(String);
    const answer = await this.#run('beat', ...numbers, flag(alone), flag(unseen));
    return {
      quietMs: answer.quietMs,
      gone: answer.flag(),
      live: answer.number(),
      workers: answer.number(),
      grant: answer.number(),
      alone: answer.flag(),
      closedMs: answer.number(),
      failures: answer.number(),
      lowered: answer.optionalNumber(),
      entries: answer.entries(),
    };
  }

  /** This worker makes no more calls. */
  async leave(): Promise<void> {
    await this.#run('leave');
  }

  async #run(operation: string, ...args: string[]): Promise<Answer> {
    const now = this.#clock === undefined ? '' : String(this.#clock());
    const rest = ['4', ...this.#keys, operation, now, ...this.#rules, this.#worker, String(this.#seq), ...args];
    const answer = new Answer(await answerInTime(this.#evaluate(rest)));
    this.#seq = Math.max(this.#seq, answer.seq);
    return answer;
  }

  async #evaluate(rest: string[]): Promise<unknown> {
    try {
      return await this.#client.sendCommand(['EVALSHA', SHA1, ...rest]);
    } catch (error) {
      // Redis forgets scripts when it restarts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return await this.#client.sendCommand(['EVAL', REDIS_SCRIPT, ...rest]);
    }
  }
}

/** What the script answers, read from left to right; anything unexpected throws. */
class Answer {
  readonly #items: unknown[];
  readonly quietMs: number;
  readonly seq: number;

  constructor(reply: unknown) {
    if (!Array.isArray(reply)) throw unexpected();
    this.#items = [...reply];
    if (this.word() === 'gone') throw new LogGoneError();
    this.quietMs = this.number();
    this.seq = this.number();
  }

  word(): string {
    const item = this.#items.shift();
    if (typeof item !== 'string') throw unexpected();
    return item;
  }

  number(): number {
    return toNumber(this.word());
  }

  optionalNumber(): number | null {
    const word = this.word();
    return word === '' ? null : toNumber(word);
  }

  flag(): boolean {
    return this.word() === '1';
  }

  closedBy(): ClosedBy | null {
    const word = this.word();
    return word === 'budget' || word === 'cool_down' || word === 'outage' ? word : null;
  }

  entries(): Map<string, number> {
    const flat = this.#items.shift();
    if (!Array.isArray(flat)) throw unexpected();
    const entries = new Map<string, number>();
    for (let n = 0; n < flat.length; n += 2) entries.set(String(flat[n]), toNumber(String(flat[n + 1])));
    return entries;
  }
}

function toNumber(word: string): number {
  const number = Number(word);
  if (word === '' || !Number.isFinite(number)) throw unexpected();
  return number;
}

function unexpected(): Error {
  return new Error('Redis answered something unexpected');
}

function flag(value: boolean): string {
  return value ? '1' : '0';
}

function optional(value: number | null): string {
  return value === null ? '' : String(value);
}
