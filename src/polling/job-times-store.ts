import type { RedisClient } from '../redis/connect-redis.ts';
import { isJobLength, KnownKinds, LENGTHS_KEPT, remembered, type JobTimes } from './job-times.ts';

const FRESH_MS = 1_000;
const EXPIRY_S = 7 * 24 * 3_600;

/** Each process learns for itself. */
export function createMemoryJobTimes(): JobTimes {
  const kinds = new KnownKinds<readonly number[]>();
  return {
    lengths: async (kind) => kinds.get(kind) ?? [],
    learn(kind, lengthMs) {
      const lengths = remembered(kinds.get(kind) ?? [], lengthMs);
      kinds.set(kind, lengths);
      return lengths;
    },
  };
}

interface SharedKind {
  /** What this process learned itself. */
  own: readonly number[];
  /** What all processes learned, as it was last read; null when Redis did not tell. */
  shared: readonly number[] | null;
  readAt: number;
  reading: Promise<void> | null;
}

/**
 * The processes learn together, in Redis lists that a week without news removes. Without Redis each goes on with what it
 * learned itself.
 *
 * @param scope what tells this provider's times from another's, as in all our keys
 */
export function createRedisJobTimes(redis: RedisClient, scope: string): JobTimes {
  const kinds = new KnownKinds<SharedKind>();
  const keyOf = (kind: string): string => `external-api:{${scope}}:job-times:${kind}`;

  function stateOf(kind: string): SharedKind {
    const state = kinds.get(kind) ?? { own: [], shared: null, readAt: -Infinity, reading: null };
    kinds.set(kind, state);
    return state;
  }

  async function read(kind: string, state: SharedKind): Promise<void> {
    try {
      const texts = await redis.lRange(keyOf(kind), 0, LENGTHS_KEPT - 1);
      state.shared = texts.map(Number).filter(isJobLength);
    } catch {
      state.shared = null;
    } finally {
      state.readAt = performance.now();
      state.reading = null;
    }
  }

  async function write(kind: string, lengthMs: number): Promise<void> {
    const key = keyOf(kind);
    const add = redis.multi().lPush(key, `${lengthMs}`);
    await add
      .lTrim(key, 0, LENGTHS_KEPT - 1)
      .expire(key, EXPIRY_S)
      .exec();
  }

  return {
    async lengths(kind) {
      const state = stateOf(kind);
      if (performance.now() - state.readAt > FRESH_MS) await (state.reading ??= read(kind, state));
      return known(state);
    },
    learn(kind, lengthMs) {
      const state = stateOf(kind);
      state.own = remembered(state.own, lengthMs);
      // For a Redis that failed when it was last read, nothing piles up.
      const failed = state.shared === null && state.readAt > -Infinity;
      if (state.shared !== null) state.shared = remembered(state.shared, lengthMs);
      if (!failed) write(kind, lengthMs).catch(() => {});
      return known(state);
    },
  };
}

/** A Redis that came back empty knows less than we do. */
function known({ own, shared }: SharedKind): readonly number[] {
  return shared !== null && shared.length >= own.length ? shared : own;
}
