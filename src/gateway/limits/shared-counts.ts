import { defineScript } from '@redis/client';
import type { FastifyBaseLogger } from 'fastify';
import type { ScriptedClient } from '../../redis/connect-redis.ts';
import { MINUTE_MS, type MinuteCount, MinuteCounts } from './minute-counts.ts';

/** A minute that lost its end, which no command here leaves behind, gets a new one. */
const COUNT_CALL = defineScript({
  NUMBER_OF_KEYS: 1,
  parseCommand(parser, key: string) {
    parser.pushKey(key);
    parser.push(String(MINUTE_MS));
  },
  transformReply: (reply: unknown): unknown => reply,
  SCRIPT: `
local calls = redis.call('INCR', KEYS[1])
if calls == 1 or redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {calls, redis.call('PTTL', KEYS[1])}
`,
});

export const COUNT_SCRIPTS = { countCall: COUNT_CALL };

/** After a failure Redis is left alone for so long: one that hangs holds nobody up again and again. */
const ASIDE_MS = 1_000;

/** The calls that came to all gateways. While Redis is away, those that came to this one: they are counted all the time. */
export class SharedCounts {
  readonly #redis: Pick<ScriptedClient<typeof COUNT_SCRIPTS>, 'countCall'>;
  readonly #scope: string;
  readonly #logger: FastifyBaseLogger;
  readonly #own = new MinuteCounts();
  #failedAt: number | null = null;

  /** @param scope what tells our tenants from those of others in the same Redis */
  constructor(
    redis: Pick<ScriptedClient<typeof COUNT_SCRIPTS>, 'countCall'>,
    scope: string,
    logger: FastifyBaseLogger,
  ) {
    this.#redis = redis;
    this.#scope = scope;
    this.#logger = logger;
  }

  /** One more, with it counted: within 300 ms, whatever Redis does. */
  async count(tenant: string, now: number): Promise<MinuteCount> {
    const own = this.#own.count(tenant, now);
    if (this.#failedAt !== null && now - this.#failedAt < ASIDE_MS) return own;
    try {
      const answer: unknown = await this.#redis.countCall(`external-api:{${this.#scope}}:calls:${tenant}`);
      const [calls, endsInMs] = answer as [number, number];
      this.#succeeded();
      return { calls, endsInMs };
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error), now);
      return own;
    }
  }

  #succeeded(): void {
    if (this.#failedAt === null) return;
    this.#failedAt = null;
    this.#logger.info({ event: 'shared_limits_available' }, 'the calls of tenants are counted in Redis again');
  }

  #failed(reason: string, now: number): void {
    if (this.#failedAt === null) {
      this.#logger.warn(
        { event: 'shared_limits_unavailable', reason },
        'Redis is away: this gateway counts the calls of tenants by itself',
      );
    }
    this.#failedAt = now;
  }
}
