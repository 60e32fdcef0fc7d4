import { setTimeout as delay } from 'node:timers/promises';
import { startRedis } from '../../helpers/redis.ts';
import { worstWindow } from '../../helpers/sliding-window.mjs';
import { expect, test } from 'vitest';
import type { Permit } from '../../../src/provider/call-budget/budget.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import {
  beaten,
  countsIn,
  RULES,
  startTestFleet,
  take,
  takeAll,
  timed,
  type Member,
  type TestFleet,
} from './test-fleet.ts';

/** Calls as fast as it may until `signal`, and notes when each call arrived. */
async function callOn({ store }: Member, arrivals: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const taken = await store.take('poll');
    if (taken.permit === null) {
      await delay(Math.min(20, Math.max(1, taken.waitMs)));
      continue;
    }
    arrivals.push(performance.now());
    await store.ended(taken.permit, { type: 'answered' });
  }
}

test('[M9] a Redis that answers no more costs one wait of 300 ms; then each goes by its share, and is told so once', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  for (const member of [one, two]) expect(await countsIn(member, 'redis')).toBe(true);
  fleet.redis.pause();
  expect(await timed(() => one.store.take('poll'))).toBeLessThan(1_000);
  expect(await timed(() => one.store.take('poll'))).toBeLessThan(250);
  expect(await one.store.state()).toMatchObject({ countedIn: 'share', workers: 2 });
  // The other may have used all of it.
  expect(await one.store.take('poll')).toMatchObject({ permit: null, closedBy: 'budget' });
  let permits: Permit[] = [];
  await waitUntil('its share is there', async () => (permits = await takeAll(one)).length > 0);
  expect(permits).toHaveLength(10);
  expect(one.told).toEqual([{ redisOk: false, why: 'Redis did not answer within 300 ms', workers: 2 }]);
  fleet.redis.resume();
  await waitUntil('Redis counts', () => countsIn(one, 'redis'));
  expect(one.told.slice(1)).toEqual([{ redisOk: true, why: null, workers: 2 }]);
});

test('[M9] a short loss, in which nobody could have called, is over as soon as Redis answers', async () => {
  await using fleet = await startTestFleet();
  const rules = { windowMs: 30_000 };
  const [one, two] = [fleet.join(2, rules), fleet.join(2, rules)];
  expect(await takeAll(one)).toHaveLength(20);
  fleet.redis.pause();
  expect(await two.store.take('poll')).toMatchObject({ permit: null });
  expect(await two.store.state()).toMatchObject({ countedIn: 'share' });
  fleet.redis.resume();
  await waitUntil('Redis counts', () => countsIn(two, 'redis'), 5_000);
  expect(await two.store.state()).toMatchObject({ used: 20 });
  expect(two.told.map(({ redisOk }) => redisOk)).toEqual([false, true]);
});

test('[M9] after a longer loss nobody gets an exact permit for a window and the longest call, also who never lost Redis', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  for (const member of [one, two]) expect(await countsIn(member, 'redis')).toBe(true);
  // Only this one loses its connection.
  one.client.destroy();
  await waitUntil('its share is there', async () => (await one.store.take('poll')).permit !== null);
  await one.client.connect();
  await waitUntil('the other goes by its share', () => countsIn(two, 'share'));
  expect(two.told).toMatchObject([{ redisOk: false, why: 'the log of calls in Redis is not complete' }]);
  expect(await takeAll(two)).toHaveLength(10);
  await waitUntil('Redis counts', () => countsIn(two, 'redis'));
  expect(await takeAll(two)).not.toHaveLength(0);
});

test.each([
  ['is lost', ({ redis }: TestFleet) => redis.kill()],
  ['loses its log', (_: TestFleet, { client }: Member) => client.flushAll()],
])('[M9] alone in its fleet a worker goes on with the whole budget when Redis %s, exactly', async (_, happens) => {
  await using fleet = await startTestFleet();
  const one = fleet.join(1, { windowMs: 30_000, longestCallMs: 20_000 });
  const permits = await take(one, 10);
  await beaten(one);
  permits.push(...(await take(one, 5)));
  for (const permit of permits) await one.store.ended(permit, { type: 'answered' });
  await happens(fleet, one);
  await waitUntil('it is noticed', () => one.told.length > 0);
  expect(await takeAll(one)).toHaveLength(5);
  // Those that have ended leave the window first.
  expect((await one.store.peek('poll', 15)).waitMs).toBeLessThanOrEqual(30_000);
  expect(one.told).toMatchObject([{ redisOk: false, workers: 1 }]);
});

test('[M9] calls that a worker made while Redis was away are counted, too, when it is back', async () => {
  await using fleet = await startTestFleet();
  const one = fleet.join(1, { windowMs: 30_000 });
  await take(one, 15);
  fleet.redis.pause();
  expect(await takeAll(one)).toHaveLength(5);
  fleet.redis.resume();
  await beaten(one);
  expect(await takeAll(one)).toHaveLength(0);
});

test('[M9] who was away for long goes by its share, although it made no call: the others may not be back yet', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  for (const member of [one, two]) expect(await countsIn(member, 'redis')).toBe(true);
  for (const { client } of [one, two]) client.destroy();
  for (const member of [one, two]) expect(await countsIn(member, 'share')).toBe(true);
  let permits: Permit[] = [];
  await waitUntil('the share is there', async () => (permits = await takeAll(two)).length > 0);
  await one.client.connect();
  // Answered after its first beat.
  for (let n = 0; n < 3; n++) await one.client.ping();
  expect(permits.length + (await takeAll(one)).length).toBeLessThanOrEqual(RULES.limit);
});

test('[M9] a log that was emptied is not believed: nothing goes out until what was sent has left the window', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  const sentAt = performance.now();
  expect(await takeAll(one)).toHaveLength(20);
  await two.client.flushAll();
  for (const member of [one, two]) expect((await member.store.take('poll')).permit).toBeNull();
  const arrivals: number[] = [];
  await waitUntil('calls go out', async () => {
    for (const member of [one, two]) if ((await member.store.take('poll')).permit) arrivals.push(performance.now());
    return arrivals.length > 0;
  });
  expect(Math.min(...arrivals) - sentAt).toBeGreaterThan(RULES.windowMs);
  expect(one.told).toMatchObject([{ redisOk: false }]);
});

test('[M9] a log that was emptied is not believed either when it is a beat that finds out, of whichever worker', async () => {
  await using fleet = await startTestFleet();
  const rules = { windowMs: 30_000 };
  const members = [fleet.join(2, rules), fleet.join(2, rules), fleet.join(2, rules)] as const;
  for (const member of members) expect(await countsIn(member, 'redis')).toBe(true);
  await take(members[0], 20);
  await members[0].client.flushAll();
  for (const { told } of members) await waitUntil('it is noticed', () => told.length > 0);
  for (const member of members) expect(await takeAll(member)).toHaveLength(0);
});

test('[M9] a Redis that comes back with an older log is not believed', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await take(one, 20);
  await beaten(two);
  await one.client.zRemRangeByRank('external-api:{test}:log', 0, 9);
  await one.client.hSet('external-api:{test}:state', 'seq', 3);
  expect((await two.store.take('poll')).permit).toBeNull();
});

test('[M9][N3] while Redis freezes, is emptied, dies and comes back, no window holds more calls than the limit', async () => {
  await using fleet = await startTestFleet();
  const members = [fleet.join(3), fleet.join(3), fleet.join(3)];
  const arrivals: number[] = [];
  const stop = new AbortController();
  const calling = members.map((member) => callOn(member, arrivals, stop.signal));
  const sent = async (count: number): Promise<unknown> => {
    const until = arrivals.length + count;
    return await waitUntil('calls go out', () => arrivals.length >= until);
  };
  await sent(30);
  fleet.redis.pause();
  await sent(30);
  fleet.redis.resume();
  await sent(20);
  await members[0]?.client.flushAll().catch(() => {});
  await sent(20);
  const { port } = fleet.redis;
  await fleet.redis.kill();
  await sent(20);
  fleet.redis = await startRedis(port);
  await sent(40);
  stop.abort();
  await Promise.all(calling);
  expect(worstWindow(arrivals, RULES.windowMs)).toBeLessThanOrEqual(RULES.limit);
});
