import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Permit } from '../../src/call-budget/rules.ts';
import { now } from '../../src/call-budget/steady-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { worstWindow } from '../../bench/sliding-window.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { callOn, counting, countsIn, RULES, startTestFleet, take, takeAll, timed, type Member } from './test-fleet.ts';

const POLL = ['poll', 'status'] as const;
/** The part of the limit that a status call may take: a tenth is kept for interactive submits. */
const ALL = RULES.limit - RULES.limit / 10;

test('[M9] S8: a Redis that answers no more costs one wait of 300 ms; nothing is sent, then each sends its share', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  const told = one.told.length;
  fleet.redis.pause();
  expect(await timed(() => one.store.take(...POLL))).toBeLessThan(1_000);
  expect(await timed(() => one.store.take(...POLL))).toBeLessThan(250);
  // The other may have used all of it.
  expect(await one.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'budget' });
  const { waitMs, used } = await one.store.state();
  expect(waitMs, 'all of the wait, as a person reads it').toBeGreaterThan(2_000);
  expect(used).toBe(0);
  let permits: Permit[] = [];
  await waitUntil('its share is there', async () => (permits = await takeAll(one)).length > 0, 15_000);
  expect(permits).toHaveLength(RULES.limit / 2 - 1);
  expect(await one.store.state()).toMatchObject({ countedIn: 'share', limit: RULES.limit / 2, workers: 2 });
  expect(one.told.slice(told)).toEqual([{ redisOk: false, why: 'Redis did not answer within 300 ms', workers: 2 }]);
  fleet.redis.resume();
  await waitUntil('it is told', () => one.told.length > told + 1);
  expect(one.told.slice(told + 1)).toEqual([{ redisOk: true, why: null, workers: 2 }]);
});

test('[M9] S8: a short loss, in which nobody could have called, is over as soon as Redis answers, exactly', async () => {
  await using fleet = await startTestFleet();
  const rules = { windowMs: 30_000 };
  const [one, two] = [fleet.join(2, rules), fleet.join(2, rules)];
  await Promise.all([counting(one), counting(two)]);
  expect(await takeAll(one)).toHaveLength(ALL);
  fleet.redis.pause();
  expect(await two.store.take(...POLL)).toMatchObject({ permit: null });
  fleet.redis.resume();
  await counting(two);
  expect(await two.store.state()).toMatchObject({ used: ALL });
  // What is kept for interactive submits is there at once.
  expect((await two.store.take('interactive', 'submit')).permit).not.toBeNull();
});

test('[M9][N3] S8: a worker that lost Redis alone has its share, and the others have the rest', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  one.client.destroy();
  const arrivals: number[] = [];
  const stop = new AbortController();
  const calling = [one, two].map((member) => callOn(member, arrivals, stop.signal));
  await waitUntil(
    'it sends its share',
    async () => (await one.store.state()).used > 0 && !(await countsIn(one, 'redis')),
    15_000,
  );
  const from = arrivals.length;
  await waitUntil('both have called for some windows', () => arrivals.length > from + 3 * RULES.limit, 15_000);
  stop.abort();
  await Promise.all(calling);
  expect(worstWindow(arrivals, RULES.windowMs)).toBeLessThanOrEqual(RULES.limit);
});

test.each([
  ['is lost', (fleet: { redis: { kill(): Promise<void> } }) => fleet.redis.kill()],
  ['loses its log', async (_: unknown, { client }: Member) => void (await client.flushAll())],
])('[M9] S8: a fleet of one goes on with the whole budget when Redis %s, exactly', async (_, happens) => {
  await using fleet = await startTestFleet();
  const one = fleet.join(1, { windowMs: 30_000, longestCallMs: 20_000 });
  await counting(one);
  await take(one, 12);
  await happens(fleet, one);
  let more: Permit[] = [];
  await waitUntil('calls go out', async () => (more = [...more, ...(await takeAll(one))]).length > 0, 15_000);
  expect(12 + more.length).toBe(ALL);
});

test('[M9] S8: after an hour alone a worker sends nothing, says so once, and waits; a fleet of one goes on', async () => {
  await using fleet = await startTestFleet();
  let aheadMs = 0;
  const clock = (): number => now() + aheadMs;
  const [one, two] = [fleet.join(1, {}, { clock }), fleet.join(2, {}, { clock })];
  await Promise.all([counting(one), counting(two)]);
  await fleet.redis.kill();
  aheadMs = 1_800_000;
  for (const { store } of [one, two]) expect((await store.take(...POLL)).permit).not.toBeNull();
  const told = two.told.length;
  aheadMs = 3_700_000;
  expect(one.store.isReady).toBe(true);
  expect((await one.store.take(...POLL)).permit).not.toBeNull();
  expect(two.store.isReady).toBe(false);
  expect(await two.store.peek('poll', 1)).toEqual({ waitMs: 1_000, closedBy: 'budget' });
  expect(await two.store.take(...POLL)).toEqual({ permit: null, waitMs: 1_000, closedBy: 'budget' });
  await waitUntil('it is told', () => two.told.length > told);
  const why = expect.stringMatching(/^nothing is sent any more: for an hour, no connection/) as string;
  expect(two.told.slice(told)).toEqual([{ redisOk: false, why, workers: 2 }]);
  fleet.redis = await startRedis(fleet.redis.port);
  await waitUntil('it is ready', () => two.store.isReady);
});

test('[M9] S8: calls that a worker made while Redis was away are counted when it is back', async () => {
  await using fleet = await startTestFleet();
  const one = fleet.join(1, { windowMs: 30_000 });
  await counting(one);
  await take(one, 15);
  fleet.redis.pause();
  await waitUntil('it goes by itself', async () => (await one.store.take(...POLL)).permit, 15_000);
  expect(await takeAll(one)).toHaveLength(ALL - 16);
  fleet.redis.resume();
  await waitUntil('Redis answers again', async () => one.told.at(-1)?.redisOk !== false || one.client.isReady);
  expect(await takeAll(one)).toHaveLength(0);
});

test('[M9][N3] S8: a log that was emptied is not believed: nothing goes out until what was sent has left the window', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  const sentAt = performance.now();
  expect(await takeAll(one)).toHaveLength(ALL);
  await two.client.flushAll();
  for (const { store } of [one, two]) expect((await store.take(...POLL)).permit).toBeNull();
  const arrivals: number[] = [];
  await waitUntil(
    'calls go out',
    async () => {
      for (const { store } of [one, two]) if ((await store.take(...POLL)).permit) arrivals.push(performance.now());
      return arrivals.length > 0;
    },
    15_000,
  );
  expect(Math.min(...arrivals) - sentAt).toBeGreaterThan(RULES.windowMs);
});

test('[M9] S8: a Redis that comes back with an older log is not believed', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  await take(one, 15);
  await waitUntil('the other has seen them', async () => (await two.store.state()).used >= 15);
  await one.client.hSet('external-api:{test}:state', 'seq', '3');
  expect((await two.store.take(...POLL)).permit).toBeNull();
});

test('[M9][N3] S8: a Redis that comes back without what was written last is not believed by one that has not seen it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'redis-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const args = ['--dir', folder];
  await using fleet = await startTestFleet({ args });
  const [one, two] = [fleet.join(2, { windowMs: 8_000 }), fleet.join(2, { windowMs: 8_000 })];
  await Promise.all([counting(one), counting(two)]);
  await take(one, 8);
  await one.client.sendCommand(['SAVE']);
  await take(one, 8);
  const sentAt = performance.now();
  one.client.destroy();
  await fleet.redis.kill();
  fleet.redis = await startRedis(fleet.redis.port, { args });
  await waitUntil('calls go out', async () => (await two.store.take(...POLL)).permit, 15_000);
  expect(performance.now() - sentAt).toBeGreaterThan(8_000);
});

test(
  '[M9][N3] S8: while Redis freezes, is emptied, dies and comes back, no window holds more calls than the limit',
  { timeout: 90_000 },
  async () => {
    await using fleet = await startTestFleet();
    const members = [fleet.join(3), fleet.join(3), fleet.join(3)];
    const arrivals: number[] = [];
    const stop = new AbortController();
    const calling = members.map((member) => callOn(member, arrivals, stop.signal));
    const sent = async (count: number): Promise<unknown> => {
      const until = arrivals.length + count;
      return await waitUntil('calls go out', () => arrivals.length >= until, 30_000);
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
  },
);
