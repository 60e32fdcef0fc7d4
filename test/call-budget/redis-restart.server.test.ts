import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LONGEST_ALONE_MS } from '../../src/call-budget/fleet-rules.ts';
import type { BudgetRules } from '../../src/call-budget/rules.ts';
import { ScriptLog, startScriptedRedis, type ScriptClient, type ScriptedRedis } from './script-log.ts';

const RULES: BudgetRules = {
  limit: 100,
  windowMs: 60_000,
  longestCallMs: 30_000,
  longestHeldMs: 15_000,
  outageAfter: 0,
  probeMs: 60,
  backoffMs: 100,
};
const FORGOTTEN_MS = RULES.windowMs + RULES.longestCallMs;

let redis: ScriptedRedis;
let client: ScriptClient;
let scopes = 0;

beforeAll(async () => {
  redis = await startScriptedRedis();
  ({ client } = redis);
});
afterAll(() => redis.end());

/** A fleet of two on one clock, whose Redis is lost, and is another one when it is back. */
class RestartedFleet {
  readonly #scope = `restart-${scopes++}`;
  readonly #members: ScriptLog[] = [];
  #now = 1_000_000_000;

  async join(name: string): Promise<ScriptLog> {
    const member = new ScriptLog(client, this.#scope, RULES, 2, name);
    member.now = this.#now;
    this.#members.push(member);
    await member.beat();
    return member;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const member of this.#members) member.now = this.#now;
  }

  /** What Redis has on its disk. */
  async saved(): Promise<() => Promise<void>> {
    const keys = (await client.keys(`external-api:{${this.#scope}}:*`)).toSorted();
    for (const key of keys) await client.sendCommand(['COPY', key, `saved:${key}`]);
    return async () => {
      await client.del(await client.keys(`external-api:{${this.#scope}}:*`));
      for (const key of keys) await client.rename(`saved:${key}`, key);
      await client.hSet(`external-api:{${this.#scope}}:state`, { run: '1', place: '1' });
    };
  }
}

let permits = 0;
async function takeAll(member: ScriptLog): Promise<number> {
  let count = 0;
  while ((await member.take('interactive', `p${permits++}`)).permit !== null) count++;
  return count;
}

async function take(member: ScriptLog, count: number): Promise<void> {
  for (let n = 0; n < count; n++) expect((await member.take('interactive', `p${permits++}`)).permit).not.toBeNull();
}

describe('[M9][N3] S8: a Redis that was restarted, and lost what was written last,', () => {
  test.each([
    ['a moment', 100],
    ['longer than a worker may be absent', 6_000],
  ])('is not believed until all are back who have seen more, having been down for %s', async (_, downMs) => {
    const fleet = new RestartedFleet();
    const [one, two] = [await fleet.join('one'), await fleet.join('two')];
    fleet.pass(10_000);
    for (const member of [one, two]) await member.beat();
    await take(one, 50);
    const comeBack = await fleet.saved();
    await take(one, 50);
    fleet.pass(downMs);
    await comeBack();
    // The one that has seen less is faster, and beats so often that its beats would make up for what is missing.
    for (let n = 0; n < 60; n++) {
      await two.beat();
      expect(await takeAll(two)).toBe(0);
      fleet.pass(100);
    }
    await one.beat();
    for (const member of [one, two]) expect(await takeAll(member)).toBe(0);
    fleet.pass(FORGOTTEN_MS - 1);
    for (const member of [one, two]) await member.beat();
    for (const member of [one, two]) expect(await takeAll(member)).toBe(0);
    fleet.pass(1);
    expect(await takeAll(two)).toBe(RULES.limit);
  });

  test('goes on after 5 s when all are back and nothing is missing', async () => {
    const fleet = new RestartedFleet();
    const [one, two] = [await fleet.join('one'), await fleet.join('two')];
    fleet.pass(10_000);
    for (const member of [one, two]) await member.beat();
    await take(one, 40);
    const comeBack = await fleet.saved();
    await comeBack();
    for (const member of [one, two]) await member.beat();
    fleet.pass(4_999);
    for (const member of [one, two]) await member.beat();
    expect(await takeAll(one)).toBe(0);
    fleet.pass(1);
    expect(await takeAll(two)).toBe(60);
  });

  test('does not wait for one that had died before: it had sent nothing that this Redis lost, and its share is kept', async () => {
    const fleet = new RestartedFleet();
    const [, two] = [await fleet.join('killed'), await fleet.join('two')];
    fleet.pass(6_001);
    await two.beat();
    await (
      await fleet.saved()
    )();
    for (let s = 0; s <= 5; s++) {
      await two.beat();
      fleet.pass(1_000);
    }
    expect(await takeAll(two)).toBe(RULES.limit / 2);
  });

  test('waits on when it is restarted once more', async () => {
    const fleet = new RestartedFleet();
    const [, two] = [await fleet.join('killed'), await fleet.join('two')];
    fleet.pass(100);
    await (
      await fleet.saved()
    )();
    await two.beat();
    fleet.pass(10_000);
    await two.beat();
    await (
      await fleet.saved()
    )();
    await two.beat();
    fleet.pass(FORGOTTEN_MS - 10_001);
    await two.beat();
    expect(await takeAll(two)).toBe(0);
    fleet.pass(1);
    expect(await takeAll(two)).toBe(RULES.limit / 2);
  });

  test('waits for the calls of one that never comes back, which may have sent by itself', async () => {
    const fleet = new RestartedFleet();
    const [, two] = [await fleet.join('killed'), await fleet.join('two')];
    const comeBack = await fleet.saved();
    // The first one sends its share, and dies.
    fleet.pass(200_000);
    await comeBack();
    await two.beat();
    const instead = await fleet.join('instead');
    for (const ms of [4_999, 5_000, 40_000, 40_000]) {
      fleet.pass(ms);
      for (const member of [two, instead]) await member.beat();
      for (const member of [two, instead]) expect(await takeAll(member)).toBe(0);
    }
    fleet.pass(1);
    expect(await takeAll(instead)).toBe(RULES.limit);
  });
});

test('[M9][N3] S8: a Redis that came back empty keeps the share of a worker that does not reach it: others knew of it', async () => {
  const fleet = new RestartedFleet();
  const one = await fleet.join('one');
  // Two lived. The other one is cut off, and sends its share.
  await client.del(await client.keys('external-api:*'));
  await one.beat(false, 2);
  for (let s = 0; s < 5; s++) {
    fleet.pass(1_000);
    await one.beat();
  }
  const share = RULES.limit / 2;
  expect(await takeAll(one)).toBe(RULES.limit - share);
  const other = await fleet.join('other');
  expect(await takeAll(other)).toBe(share);
});

test('[M9][N3] S8: the share of a worker that was heard of last is kept until its last call has left the window', async () => {
  const fleet = new RestartedFleet();
  const [, two] = [await fleet.join('killed'), await fleet.join('two')];
  // It noted that beat up to a second later, was absent 6 s after that, and alone a window and the longest call later.
  fleet.pass(7_000 + 2 * FORGOTTEN_MS + LONGEST_ALONE_MS - 1);
  await two.beat();
  expect(await takeAll(two)).toBe(RULES.limit / 2);
});
