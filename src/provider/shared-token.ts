import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { REDIS_DEADLINE_MS } from '../redis/answer-in-time.ts';
import type { RedisClient } from '../redis/connect-redis.ts';
import { open, seal } from './token-cipher.ts';
import type { UsableToken } from './token.ts';

/** Why a process has a token of its own: Redis did not answer or refused, or what it holds cannot be ours. */
export type SharingProblem = 'unavailable' | 'not_ours';

/** What is encrypted. The times are by the clock of the process that fetched it. */
type Content = Omit<UsableToken, 'own'>;

interface SharedTokensOptions {
  redis: RedisClient;
  /** Which provider and which client of it the token is for. */
  scope: string;
  /** 32 bytes, the same in all processes. */
  key: Buffer;
  /** For how long a process has the turn to fetch: a little longer than it can take, the wait for a permit included. */
  turnMs: number;
  /** Told once when the token cannot be shared, and once (null) when it is again. */
  onChange: (problem: SharingProblem | null) => void;
}

const LOOK_AGAIN_MS = 50;

/**
 * A token that is not the one known (ARGV[1]), or the turn to fetch one, or how long another process has it at most.
 * The holder (ARGV[2]) may ask again.
 */
const FIND = `
local token = redis.call('GET', KEYS[1])
if token and token ~= ARGV[1] then return {'token', token, redis.call('PTTL', KEYS[1])} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[2] then return {'wait', '', redis.call('PTTL', KEYS[2])} end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return {'turn', '', 0}`;

/** Ends the turn with a token (ARGV[2], for ARGV[3] ms). Who has lost the turn replaces nothing. */
const STORE = `
local holder = redis.call('GET', KEYS[2])
if holder == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  redis.call('DEL', KEYS[2])
elseif not holder then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3], 'NX')
end`;

const GIVE_UP = `if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end`;

const DROP = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

type Found = ['token' | 'turn' | 'wait', value: string, ttlMs: number];

/**
 * One token for all processes, encrypted in Redis for as long as it lives; one of them at a time fetches it.
 *
 * The commands of a process run in the order in which it sent them, also those whose answer it no longer waits for: a
 * turn that comes too late for it ends with the token that it fetched meanwhile, or lapses.
 */
export class SharedTokens {
  readonly #options: SharedTokensOptions;
  readonly #keys: [token: string, turn: string];
  readonly #holder = randomUUID();
  /** The token that this process had last, and how it stands in Redis. */
  #latest: { accessToken: string; sealed: string } | null = null;
  #problem: SharingProblem | null = null;

  constructor(options: SharedTokensOptions) {
    if (options.key.length !== 32) throw new TypeError('key: expected 32 bytes, for AES-256');
    this.#options = options;
    const key = `external-api:{${options.scope}}:token`;
    this.#keys = [key, `${key}-turn`];
  }

  /**
   * Another token than the one before: that of another process, or the one that `fetch` gets. Rejects as `fetch` does,
   * never for Redis. To be called again only when it has settled.
   */
  async obtain(fetch: () => Promise<UsableToken>): Promise<UsableToken> {
    const shared = await this.#find();
    if (shared !== null) return shared;
    try {
      const token = await fetch();
      this.#store(token);
      return token;
    } catch (error) {
      this.#send(GIVE_UP, this.#holder);
      throw error;
    }
  }

  /** Nobody is to get this token any more. Another one stays. */
  refuse(accessToken: string): void {
    if (this.#latest?.accessToken === accessToken) this.#send(DROP, this.#latest.sealed);
  }

  /** Null: this process is to fetch one, because it has the turn, or because it is on its own. */
  async #find(): Promise<UsableToken | null> {
    const { turnMs } = this.#options;
    for (;;) {
      const askedAt = Date.now();
      const found = this.#eval(FIND, this.#latest?.sealed ?? '', this.#holder, `${turnMs}`) as Promise<Found>;
      const [what, sealed, ttlMs] = await found.catch(() => ['alone', '', 0] as const);
      if (what === 'alone') return this.#tell('unavailable');
      if (what === 'turn') return this.#tell(null);
      // Whatever we write has an end.
      if (ttlMs < 0) return this.#tell('not_ours');
      if (what === 'token') {
        const token = this.#read(sealed, askedAt + ttlMs);
        if (token === null || Date.now() < token.expiresAt) return token;
        continue;
      }
      if (ttlMs > turnMs) return this.#tell('not_ours');
      await delay(LOOK_AGAIN_MS * (1 + Math.random()));
    }
  }

  #read(sealed: string, endsAt: number): UsableToken | null {
    const { key, scope } = this.#options;
    const text = open(key, scope, sealed);
    if (text === null) return this.#tell('not_ours');
    this.#tell(null);
    const content = JSON.parse(text) as Content;
    const { accessToken } = content;
    this.#latest = { accessToken, sealed };
    // Clocks differ, and a Redis that hung counts from when it stored it: the earlier end is the safe one.
    const expiresAt = Math.min(endsAt, content.expiresAt);
    const refreshAt = content.refreshAt - content.expiresAt + expiresAt;
    return { accessToken, issuedAt: content.issuedAt, expiresAt, refreshAt, own: false };
  }

  #store({ own: _, ...content }: UsableToken): void {
    const { accessToken, expiresAt } = content;
    // Less the time until Redis has it: nobody is to get it after its end.
    const lifeMs = Math.floor(expiresAt - Date.now()) - REDIS_DEADLINE_MS;
    if (lifeMs < 1) return this.#send(GIVE_UP, this.#holder);
    const { key, scope } = this.#options;
    const sealed = seal(key, scope, JSON.stringify(content));
    this.#latest = { accessToken, sealed };
    this.#send(STORE, this.#holder, sealed, `${lifeMs}`);
  }

  /** Nobody waits for it: what follows is sent after it. */
  #send(script: string, ...args: string[]): void {
    this.#eval(script, ...args).catch(() => this.#tell('unavailable'));
  }

  #eval(script: string, ...args: string[]): Promise<unknown> {
    return this.#options.redis.eval(script, { keys: this.#keys, arguments: args });
  }

  #tell(problem: SharingProblem | null): null {
    if (problem !== this.#problem) this.#options.onChange(problem);
    this.#problem = problem;
    return null;
  }
}
