import { once } from 'node:events';
import type { BudgetRules, Permit, PermitStore } from '../../../src/provider/call-budget/budget.ts';
import { RedisStore } from '../../../src/provider/call-budget/redis-store.ts';
import { createSharedStore } from '../../../src/provider/call-budget/shared-store.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect-redis.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

export const RULES: BudgetRules = {
  limit: 20,
  windowMs: 600,
  longestCallMs: 150,
  outageAfter: 0,
  probeMs: 200,
  backoffMs: 100,
};
const SCOPE = 'test';

/** One process of the fleet: its own connection, and what its observer was told. */
export interface Member {
  store: PermitStore;
  client: RedisClient;
  told: { redisOk: boolean; why: string | null; workers: number }[];
}

/** Processes that share a budget in one Redis. */
export interface TestFleet extends AsyncDisposable {
  redis: TestRedis;
  join(fleetSize?: number, rules?: Partial<BudgetRules>): Member;
}

/** @param isNew the log begins now; else long ago, so that it is believed */
export async function startTestFleet({ isNew = false } = {}): Promise<TestFleet> {
  const members: Member[] = [];
  const fleet: TestFleet = {
    redis: await startRedis(),
    join: (fleetSize = 2, rules = {}) => {
      const client = connectRedis(fleet.redis.url, () => {});
      const told: Member['told'] = [];
      const observer = {
        shared: (redisOk: boolean, why: string | null, workers: number) => void told.push({ redisOk, why, workers }),
      };
      const store = createSharedStore({ client, scope: SCOPE, rules: { ...RULES, ...rules }, fleetSize, observer });
      const member = { store, client, told };
      members.push(member);
      return member;
    },
    [Symbol.asyncDispose]: async () => {
      for (const { store, client } of members) {
        await store.close();
        if (client.isOpen) client.destroy();
      }
      await fleet.redis.kill();
    },
  };
  if (!isNew) await beginLongAgo(fleet.redis);
  return fleet;
}

async function beginLongAgo(redis: TestRedis): Promise<void> {
  const client = connectRedis(redis.url, () => {});
  await once(client, 'ready');
  const clock = (): number => Date.now() - 100_000;
  const store = new RedisStore({ client, scope: SCOPE, rules: RULES, worker: 'earlier', clock });
  await store.beat({ fleetSize: 1, workers: 0, grant: 0, alone: false, unseen: false });
  client.destroy();
}

/** As many as there are, or `count`. */
export async function takeAll({ store }: Member, count = Infinity): Promise<Permit[]> {
  const permits: Permit[] = [];
  while (permits.length < count) {
    const { permit } = await store.take('poll');
    if (permit === null) break;
    permits.push(permit);
  }
  return permits;
}

/** `count` permits, which are all there. */
export async function take(member: Member, count: number): Promise<Permit[]> {
  const permits = await takeAll(member, count);
  if (permits.length < count) throw new Error(`There are ${permits.length} permits, not ${count}`);
  return permits;
}

export async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

export async function countsIn({ store }: Member, place: 'redis' | 'share'): Promise<boolean> {
  return (await store.state()).countedIn === place;
}

/** Until a worker has told Redis of itself, and heard of the others. */
export async function beaten({ client }: Member): Promise<void> {
  const beats = async (): Promise<number> =>
    Number(await client.sendCommand(['HGET', `external-api:{${SCOPE}}:state`, 'seq']).catch(() => 0));
  const before = await waitUntil('Redis answers', beats);
  await waitUntil('the worker has told of itself', async () => (await beats()) > before);
}
