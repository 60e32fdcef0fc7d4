import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BudgetRules, CallClass, CallEnd, Permit } from '../../src/call-budget/rules.ts';
import { PermitLog } from '../../src/call-budget/permit-log.ts';
import { OPERATIONS } from '../../src/contract/values.ts';
import { takeOne } from './log-for-tests.ts';
import { followsModel, MODEL_RULES } from './log-model.ts';
import { ScriptLog, startScriptedRedis, type ScriptClient, type ScriptedRedis } from './script-log.ts';

const RULES: BudgetRules = {
  limit: 10,
  windowMs: 1_000,
  longestCallMs: 300,
  longestHeldMs: 150,
  outageAfter: 3,
  probeMs: 60,
  backoffMs: 100,
};

let redis: ScriptedRedis;
let client: ScriptClient;
let scopes = 0;

beforeAll(async () => {
  redis = await startScriptedRedis();
  ({ client } = redis);
});
afterAll(() => redis.end());

/** A fleet of one, whose worker beats as often as a real one. */
class BeatingLog extends ScriptLog {
  #beatenAt = -Infinity;

  async at(now: number): Promise<this> {
    this.now = now;
    if (now - this.#beatenAt < 1_000) return this;
    this.#beatenAt = now;
    await this.beat();
    return this;
  }
}

const newScope = (): string => `scope-${scopes++}`;

const callClass = fc.constantFrom<CallClass[]>('interactive', 'bulk', 'poll', 'token');
const end: fc.Arbitrary<CallEnd> = fc.oneof(
  fc.record({ type: fc.constantFrom('answered', 'failed', 'failed', 'failed', 'unreachable', 'unsent', 'unknown') }),
  fc.record({
    type: fc.constant('refused'),
    retryAfterMs: fc.option(fc.oneof(fc.nat({ max: 900 }), fc.constant(5_000_000))),
  }),
);
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const which = fc.nat({ max: 2 });
const hint = fc.record({
  limit: fc.option(fc.integer({ min: 1, max: 12 })),
  windowMs: fc.option(fc.integer({ min: 1, max: 5_000 })),
  remaining: fc.option(fc.nat({ max: 10 })),
  resetMs: fc.option(fc.integer({ min: 1, max: 2_000 })),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('take'), callClass }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('peek'), callClass, calls: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('arrived'), which }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ended'), which, end, random }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heed'), operation: fc.constantFrom(...OPERATIONS), hint }) },
);

test('[M9][N2][N3] in Redis the rules are those in memory: the same calls at the same times get the same answers', async () => {
  const gap = fc.oneof(fc.constantFrom(0, 0, 60, 100, 300), fc.nat({ max: 400 }));
  const run = fc.array(fc.tuple(gap, step), { minLength: 10, maxLength: 60 });
  const rules = fc.record({ limit: fc.integer({ min: 1, max: 30 }), outageAfter: fc.nat({ max: 2 }) });
  await fc.assert(
    fc.asyncProperty(rules, run, async (changed, steps) => {
      const used = { ...RULES, ...changed };
      const script = new BeatingLog(client, newScope(), used);
      const log = new PermitLog(used);
      const out: { inLog: Permit; inRedis: Permit }[] = [];
      let now = 1_000_000;
      for (const [gapMs, one] of steps) {
        now += gapMs;
        await script.at(now);
        const permits = 'which' in one ? out.at(-1 - one.which) : undefined;
        if (one.do === 'take') {
          const inLog = takeOne(log, one.callClass, now);
          const inRedis = await script.take(one.callClass, `p${out.length}`);
          if (inLog.permit === null || inRedis.permit === null) expect(inRedis).toEqual(inLog);
          else {
            expect(inRedis.permit.probe).toBe(inLog.permit.probe);
            out.push({ inLog: inLog.permit, inRedis: inRedis.permit });
          }
        } else if (one.do === 'peek') {
          expect(await script.peek(one.callClass, one.calls)).toEqual(log.peek(one.callClass, one.calls, now));
        } else if (one.do === 'heed') {
          log.heed(one.operation, one.hint, now);
          await script.heed(one.operation, one.hint);
        } else if (permits !== undefined && one.do === 'arrived') {
          log.arrived(permits.inLog, now);
          await script.arrived(permits.inRedis);
        } else if (permits !== undefined && one.do === 'ended') {
          log.ended(permits.inLog, one.end, now, one.random);
          expect(await script.ended(permits.inRedis, one.end, one.random)).toBe(log.isDown);
        }
        expect(await script.closure()).toEqual(log.closure(now));
        expect(log.state(now)).toMatchObject(await script.state());
      }
    }),
    { numRuns: 250 },
  );
});

test.each<CallClass>(['token', 'poll', 'interactive'])(
  '[N2] S5: in Redis and in memory the third probe of an outage is given to the same calls: %s',
  async (of) => {
    const rules = { ...RULES, outageAfter: 1 };
    const [script, log, start] = [new BeatingLog(client, newScope(), rules), new PermitLog(rules), 1_000_000];
    for (const after of [0, 60, 180]) {
      const inRedis = await (await script.at(start + after)).take('poll', `p${after}`);
      await script.ended(inRedis.permit as Permit, { type: 'failed' }, 0);
      log.ended(takeOne(log, 'poll', start + after).permit as Permit, { type: 'failed' }, start + after, 0);
    }
    const probe = takeOne(log, of, start + 420);
    expect(await (await script.at(start + 420)).take(of, 'probe')).toMatchObject(
      probe.permit === null ? probe : { permit: { probe: true } },
    );
  },
);

test('[M9][N3] whatever is asked of Redis, it grants what a list would that is counted anew each time', async () => {
  await followsModel(async (limit) => {
    const script = new BeatingLog(client, newScope(), { ...MODEL_RULES, limit });
    let taken = 0;
    return {
      take: async (of, now) => (await script.at(now)).take(of, `p${taken++}`),
      peek: async (of, calls, now) => (await script.at(now)).peek(of, calls),
      arrived: async (permit, now) => (await script.at(now)).arrived(permit),
      unsent: async (permit, now) => (await script.at(now)).ended(permit, { type: 'unsent' }, 0),
    };
  }, 100);
});

/** Commands that Redis did for `work`, by its own count of the script's inner calls' time. */
async function scriptMicros(work: () => Promise<void>): Promise<number> {
  await client.sendCommand(['CONFIG', 'RESETSTAT']);
  await work();
  const stats = await client.info('commandstats');
  return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)?.[1]);
}

test.each([
  ['a permit', 2],
  // Nine tenths of the log are to leave the window first, as when the limit was lowered.
  ['a refusal', 0.1],
])(
  '[M9] S6: in Redis %s costs no more with a log of 100,000 calls than three times one with a thousand',
  async (_what, part) => {
    const costs: number[] = [];
    for (const size of [1_000, 100_000]) {
      const rules = { ...RULES, limit: size * part, windowMs: 600_000, longestCallMs: 1_000 };
      const scope = newScope();
      const log = new ScriptLog(client, scope, rules);
      await log.beat();
      // In no order, as calls are answered, and in parts, since Redis is to answer in 300 ms.
      for (let from = 0; from < size; from += 1_000) {
        const calls = Array.from({ length: 1_000 }, (_, n) => ({
          score: log.now - 300_000 + (((from + n) * 7_919) % size),
          value: `old-${from + n}`,
        }));
        await client.zAdd(`external-api:{${scope}}:log:submit`, calls);
      }
      costs.push(
        await scriptMicros(async () => {
          for (let n = 0; n < 300; n++)
            expect((await log.take('interactive', `new-${n}`)).permit === null).toBe(part < 1);
        }),
      );
    }
    expect(costs[1]! / costs[0]!).toBeLessThan(3);
  },
);

test('[M9][N2] what a worker tells Redis counts however late it comes; what it asked for is not done any more', async () => {
  const log = new ScriptLog(client, newScope(), RULES);
  await log.beat();
  const { permit } = await log.take('poll', 'p1');
  const longAgo = log.now - 1_001;
  for (const question of [
    ['take', 'poll', 'status', 'p2', '0'],
    ['peek', 'poll', '1', '0'],
    ['beat', '0', '0', '0'],
  ]) {
    const [command = '', ...args] = question;
    expect((await log.run(command, args, longAgo)).word).toBe('late');
  }
  const args = ['status', permit?.id ?? '', '0', '0', 'refused', '5000', '0'];
  expect((await log.run('ended', args, longAgo)).word).toBe('ok');
  expect(await log.closure()).toMatchObject({ waitMs: 5_000, closedBy: 'cool_down' });
});

test('[M9] S4: calls are counted for their turns only while they go out by turns', async () => {
  const scope = newScope();
  const log = new BeatingLog(client, scope, RULES);
  const counted = async (): Promise<string[]> =>
    (await client.hKeys(`external-api:{${scope}}:state`)).filter((field) => field.startsWith('spaced:'));
  const { permit } = await (await log.at(1_000_000)).take('interactive', 'p1');
  expect(await counted()).toEqual([]);
  await log.ended(permit as Permit, { type: 'refused', retryAfterMs: 10 }, 0);
  await (await log.at(1_000_010)).take('interactive', 'p2');
  expect(await counted()).toEqual(['spaced:submit']);
});
