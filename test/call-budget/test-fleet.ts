import { setTimeout as delay } from 'node:timers/promises';
import type { BudgetRules, Permit, PermitStore } from '../../src/call-budget/rules.ts';
import { FleetStore } from '../../src/call-budget/fleet-store.ts';
import { now } from '../../src/call-budget/steady-clock.ts';
import type { Sentinels } from '../../src/redis/sentinels.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectWithScript, ScriptLog, type ScriptClient } from './script-log.ts';

export const RULES: BudgetRules = {
  limit: 20,
  windowMs: 600,
  longestCallMs: 150,
  longestHeldMs: 75,
  outageAfter: 0,
  probeMs: 200,
  backoffMs: 100,
};

const SCOPE = 'test';

export interface Member {
  store: PermitStore;
  client: ScriptClient;
  told: { redisOk: boolean; why: string | null; workers: number }[];
  tooMany: [workers: number, fleetSize: number][];
}

export interface JoinOptions {
  clock?: () => number;
  /** Another way to the same Redis. */
  url?: string;
  ca?: string;
  sentinels?: Sentinels;
}

/** Processes that share a budget in one Redis. */
export interface TestFleet extends AsyncDisposable {
  redis: TestRedis;
  join(fleetSize?: number, rules?: Partial<BudgetRules>, options?: JoinOptions): Member;
}

/**
 * @param options.isNew the log begins now; else long ago, so that it is believed
 * @param options.args of redis-server
 * @param options.redis one that runs, instead of a new one
 */
export async function startTestFleet({
  isNew = false,
  args = [] as string[],
  redis = undefined as TestRedis | undefined,
} = {}): Promise<TestFleet> {
  const members: Member[] = [];
  const fleet: TestFleet = {
    redis: redis ?? (await startRedis(undefined, { args })),
    join: (fleetSize = 2, rules = {}, { clock = now, url = fleet.redis.url, ca, sentinels } = {}) => {
      const client = connectWithScript(url, ca, sentinels);
      const [told, tooMany]: [Member['told'], Member['tooMany']] = [[], []];
      const observer = {
        shared: (redisOk: boolean, why: string | null, workers: number) => void told.push({ redisOk, why, workers }),
        tooManyWorkers: (workers: number, size: number) => void tooMany.push([workers, size]),
      };
      const all = { ...RULES, ...rules };
      const store = new FleetStore({ client, scope: SCOPE, rules: all, fleetSize, observer, now: clock });
      const member = { store, client, told, tooMany };
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

async function beginLongAgo({ url }: TestRedis): Promise<void> {
  const client = connectWithScript(url);
  await waitUntil('Redis is there', () => client.isReady);
  const earlier = new ScriptLog(client, SCOPE, RULES);
  earlier.now = Date.now() - 100_000;
  await earlier.beat();
  await earlier.run('leave', []);
  client.destroy();
}

/** As many as there are, or `count`. */
export async function takeAll({ store }: Member, count = Infinity): Promise<Permit[]> {
  const permits: Permit[] = [];
  while (permits.length < count) {
    const { permit } = await store.take('poll', 'status');
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

/** Once the worker counts in Redis. */
export async function counting(member: Member): Promise<void> {
  await waitUntil('Redis counts', () => countsIn(member, 'redis'), 15_000);
}

/** Calls as fast as it may until `signal`, and notes when each call arrived. */
export async function callOn({ store }: Member, arrivals: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const taken = await store.take('interactive', 'submit');
    if (taken.permit === null) {
      await delay(Math.min(20, Math.max(1, taken.waitMs)));
      continue;
    }
    arrivals.push(performance.now());
    await store.ended(taken.permit, { type: 'answered' });
  }
}
