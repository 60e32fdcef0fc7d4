import { once } from 'node:events';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BudgetRules, CallClass, CallEnd, Permit } from '../../../src/provider/call-budget/budget.ts';
import { PermitLog } from '../../../src/provider/call-budget/permit-log.ts';
import { RedisStore, type Holding } from '../../../src/provider/call-budget/redis-store.ts';
import { connectRedis, type RedisClient } from '../../../src/redis/connect-redis.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';

const RULES: BudgetRules = {
  limit: 10,
  windowMs: 1_000,
  longestCallMs: 300,
  outageAfter: 3,
  probeMs: 60,
  backoffMs: 100,
};

let redis: TestRedis;
let client: RedisClient;
let scopes = 0;

beforeAll(async () => {
  redis = await startRedis();
  client = connectRedis(redis.url, () => {});
  await once(client, 'ready');
});
afterAll(async () => {
  client.destroy();
  await redis.kill();
});

/** The log as worker `name` of a fleet sees it, with a clock that the test sets. */
function storeAt(scope: string, name: string, clock: () => number, rules = RULES): RedisStore {
  return new RedisStore({ client, scope, rules, worker: name, clock });
}

/** A worker that has just started. */
const NEW: Holding = { fleetSize: 1, workers: 0, grant: 0, alone: false, unseen: false };

const callClass = fc.constantFrom<CallClass[]>('interactive', 'bulk', 'poll', 'token');
const end: fc.Arbitrary<CallEnd> = fc.oneof(
  fc.record({ type: fc.constantFrom('answered', 'failed', 'failed', 'failed', 'unreachable', 'unsent', 'unknown') }),
  fc.record({
    type: fc.constant('refused'),
    retryAfterMs: fc.option(fc.oneof(fc.nat({ max: 900 }), fc.constant(5_000_000))),
  }),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('take'), callClass }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('peek'), callClass, calls: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('arrived'), which: fc.nat({ max: 2 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ended'),
      which: fc.nat({ max: 2 }),
      end,
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('heed'),
      hint: fc.record({
        limit: fc.option(fc.nat({ max: 12 })),
        remaining: fc.option(fc.nat({ max: 10 })),
        resetMs: fc.option(fc.nat({ max: 2_000 })),
      }),
    }),
  },
);

test('[M9][N2][N3] in Redis the rules are those in memory: the same calls at the same times get the same answers', async () => {
  // Round times meet: what leaves at 1000 and is asked for at 1000.
  const gap = fc.oneof(fc.constantFrom(0, 50, 100, 200, 500), fc.nat({ max: 300 }));
  const run = fc.array(fc.tuple(gap, step), { minLength: 20, maxLength: 60 });
  const rules = fc.record({ limit: fc.integer({ min: 1, max: 10 }), outageAfter: fc.nat({ max: 2 }) });
  await fc.assert(
    fc.asyncProperty(rules, run, async (changed, steps) => {
      const used = { ...RULES, ...changed };
      let now = 1_000_000;
      const store = storeAt(`same-${scopes++}`, 'w', () => now, used);
      // An empty log is not believed at once.
      now += (await store.beat(NEW)).quietMs;
      const log = new PermitLog(used);
      const out: { inLog: Permit; inRedis: Permit }[] = [];
      for (const [gapMs, one] of steps) {
        now += gapMs;
        switch (one.do) {
          case 'take': {
            const inLog = log.take(one.callClass, now);
            const { taken: inRedis } = await store.take(one.callClass, `p${out.length}`, false);
            if (inLog.permit === null || inRedis.permit === null) expect(inRedis).toEqual(inLog);
            else {
              expect(inRedis.permit.probe).toBe(inLog.permit.probe);
              out.push({ inLog: inLog.permit, inRedis: inRedis.permit });
            }
            break;
          }
          case 'peek':
            expect(await store.peek(one.callClass, one.calls, false)).toEqual({
              ...log.peek(one.callClass, one.calls, now),
              quietMs: 0,
            });
            break;
          case 'arrived': {
            const permits = out.at(-1 - one.which);
            if (permits === undefined) break;
            log.arrived(permits.inLog, now);
            await store.arrived(permits.inRedis);
            break;
          }
          case 'ended': {
            const permits = out.at(-1 - one.which);
            if (permits === undefined) break;
            log.ended(permits.inLog, one.end, now, one.random);
            await store.ended(permits.inRedis, one.end, one.random);
            break;
          }
          case 'heed':
            log.heed(one.hint, now);
            await store.heed(one.hint);
            break;
        }
        const { quietMs, ...inRedis } = await store.state();
        expect(quietMs).toBe(0);
        expect(log.state(now)).toMatchObject(inRedis);
      }
    }),
    { numRuns: 250 },
  );
});

test('[M9] the shares that workers hold are never more than the limit together, as workers come, go and miss answers', async () => {
  const act = fc.constantFrom('join', 'beat', 'beat', 'miss', 'leave', 'take', 'take');
  const run = fc.array(fc.tuple(fc.nat({ max: 900 }), act, fc.nat()), { minLength: 10, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(1, 1, 3), run, async (fleetSize, steps) => {
      const scope = `shares-${scopes++}`;
      let now = 1_000_000;
      type Worker = { store: RedisStore; holding: Holding; at: number };
      let workers: Worker[] = [];
      const beat = async (worker: Worker, isAnswered: boolean): Promise<void> => {
        const { grant, alone, workers: known } = await worker.store.beat(worker.holding);
        worker.at = now;
        if (isAnswered) worker.holding = { ...worker.holding, grant, alone, workers: known };
      };
      for (const [n, [gapMs, what, which]] of steps.entries()) {
        now += gapMs;
        for (const worker of workers) if (now - worker.at > 8_000) await beat(worker, true);
        const worker = workers[which % Math.max(1, workers.length)];
        if (what === 'join') {
          const store = storeAt(scope, `w${n}`, () => now);
          workers.push({ store, holding: { ...NEW, fleetSize }, at: now });
          await beat(workers.at(-1) as Worker, true);
        } else if (worker === undefined) continue;
        else if (what === 'leave') {
          await worker.store.leave();
          workers = workers.filter((other) => other !== worker);
        } else if (what === 'take') {
          const { taken } = await worker.store.take('poll', `p${n}`, false).catch(() => ({ taken: { permit: null } }));
          const others = workers.filter((other) => other !== worker);
          if (taken.permit !== null) expect(others.filter(({ holding }) => holding.alone)).toEqual([]);
        } else await beat(worker, what === 'beat');
        expect(workers.reduce((sum, { holding }) => sum + holding.grant, 0)).toBeLessThanOrEqual(RULES.limit);
      }
      // Nor is the limit left unused: when all have heard of each other, the shares are what can be shared out.
      for (let round = 0; round < 3; round++) {
        now += 900;
        for (const worker of workers) await beat(worker, true);
      }
      const most = Math.max(0, ...workers.map(({ holding }) => holding.workers));
      now += 3_000;
      for (const { holding, store } of workers) {
        expect(holding.grant).toBe(Math.floor(RULES.limit / most));
        expect((await store.peek('poll', 1, false)).waitMs).toBe(0);
      }
    }),
    { numRuns: 300 },
  );
});

test('[M9] the first to find Redis emptied takes no larger share than before: the others may not have noticed', async () => {
  const store = storeAt(`emptied-${scopes++}`, 'w', () => 1_000_000);
  await store.beat(NEW);
  await client.flushAll();
  const { gone, workers, grant } = await store.beat({ ...NEW, workers: 4, grant: 2 });
  expect({ gone, workers, grant }).toEqual({ gone: true, workers: 4, grant: 2 });
});
