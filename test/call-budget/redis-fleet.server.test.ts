import { expect, test } from 'vitest';
import type { Permit } from '../../src/call-budget/rules.ts';
import { now } from '../../src/call-budget/steady-clock.ts';
import { startRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { counting, RULES, startTestFleet, takeAll, timed, type TestFleet } from './test-fleet.ts';

const POLL = ['poll', 'status'] as const;

test('[M9][N3] S8: a new fleet on an empty Redis sends nothing until nobody can come who has seen another log', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const [one, two] = [fleet.join(), fleet.join()];
  for (const { store } of [one, two]) {
    expect(await store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'budget' });
  }
  const first = await waitUntil('calls go out', async () => (await one.store.take(...POLL)).permit, 15_000);
  await one.store.ended(first, { type: 'unsent' });
  expect(await takeAll(one)).toHaveLength(18);
  expect(await two.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'budget' });
  expect(await two.store.state()).toMatchObject({ countedIn: 'redis', used: 18, workers: 2 });
});

test('[M9] S8: a fleet of one begins at once', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const one = fleet.join(1);
  await waitUntil('Redis is there', () => one.store.isReady);
  expect((await one.store.take(...POLL)).permit).not.toBeNull();
});

test('[M9] any worker may use the whole budget, and what comes back is there for all', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  const permits = await takeAll(one);
  // All but the tenth that is kept for interactive submits.
  expect(permits).toHaveLength(18);
  expect(await two.store.take(...POLL)).toMatchObject({ permit: null });
  await one.store.ended(permits[0] as Permit, { type: 'unsent' });
  expect(await takeAll(two)).toHaveLength(1);
});

test('[M9] S8: Redis forgets scripts when it restarts: that is not noticed', async () => {
  await using fleet = await startTestFleet();
  const one = fleet.join();
  await counting(one);
  const told = one.told.length;
  await one.client.sendCommand(['SCRIPT', 'FLUSH']);
  expect((await one.store.take(...POLL)).permit).not.toBeNull();
  expect(one.told).toHaveLength(told);
});

test('[M9][N3] S8: a worker that never reached Redis sends nothing, and is not ready, however large the fleet is', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const { port } = fleet.redis;
  await fleet.redis.kill();
  const members = [fleet.join(1), fleet.join(4)];
  for (const { store } of members) {
    expect(await timed(() => store.take(...POLL))).toBeLessThan(1_000);
    expect(store.isReady).toBe(false);
  }
  // A window, the longest call and the time after which the others count a worker as absent.
  const until = Date.now() + 7_500;
  await waitUntil(
    'they have waited for long',
    async () => {
      for (const { store } of members) expect((await store.take(...POLL)).permit).toBeNull();
      return Date.now() > until;
    },
    15_000,
  );
  fleet.redis = await startRedis(port);
  for (const { store } of members) await waitUntil('it is ready', () => store.isReady);
});

test('[N2] a 429 of one worker closes the provider for all, also when Redis is lost then', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  const taken = await one.store.take(...POLL);
  await one.store.ended(taken.permit as Permit, { type: 'refused', retryAfterMs: 60_000 });
  expect(await two.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'cool_down' });
  fleet.redis.pause();
  await waitUntil(
    'it would send its share',
    async () => (await two.store.peek('poll', 1)).closedBy === 'cool_down',
    15_000,
  );
});

test.each<[string, (fleet: TestFleet) => void | Promise<void>, (fleet: TestFleet) => unknown]>([
  ['froze for a moment', ({ redis }) => redis.pause(), ({ redis }) => redis.resume()],
  [
    'came back empty',
    ({ redis }) => redis.kill(),
    async (fleet) => void (fleet.redis = await startRedis(fleet.redis.port)),
  ],
])(
  '[N2] a 429 that came while Redis was lost closes the provider for all when it is back: it %s',
  async (_, lose, findAgain) => {
    await using fleet = await startTestFleet();
    const [one, two] = [fleet.join(), fleet.join()];
    await Promise.all([counting(one), counting(two)]);
    const { permit } = await one.store.take(...POLL);
    await lose(fleet);
    await one.store.ended(permit as Permit, { type: 'refused', retryAfterMs: 60_000 });
    await findAgain(fleet);
    expect(await one.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'cool_down' });
    expect(await one.store.peek('poll', 1)).toMatchObject({ closedBy: 'cool_down' });
    expect(await one.store.closure()).toMatchObject({ closedBy: 'cool_down', probeDue: false });
    await waitUntil('the other knows', async () => (await two.store.closure()).closedBy === 'cool_down', 15_000);
    await counting(one);
    expect(await two.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'cool_down' });
    expect(await one.store.take(...POLL)).toMatchObject({ permit: null, closedBy: 'cool_down' });
  },
);

test('[M9][N3] S8: more workers than the fleet is to have are told, once', async () => {
  await using fleet = await startTestFleet();
  const members = [fleet.join(2), fleet.join(2), fleet.join(2)];
  await waitUntil('one of them is told', () => members.some(({ tooMany }) => tooMany.length > 0));
  for (const member of members) await counting(member);
  for (const { tooMany } of members) {
    expect(tooMany.length).toBeLessThanOrEqual(1);
    for (const told of tooMany) expect(told).toEqual([3, 2]);
  }
});

test('[M9][N3] S8: the share of a worker that was killed is kept for it, and shown', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  expect((await one.store.state()).kept).toBe(0);
  two.client.destroy();
  const missed = await waitUntil(
    'it is missed',
    async () => {
      const state = await one.store.state();
      return state.kept > 0 && state.workers === 1 ? state : null;
    },
    15_000,
  );
  expect(missed).toMatchObject({ limit: 20, kept: 10 });
  // A tenth of the rest is kept for interactive submits.
  expect(await takeAll(one)).toHaveLength(9);
});

test.each(['redis', 'share'] as const)(
  '[M9][N3] a permit is used in its time, or not at all, also where it is counted in %s',
  async (place) => {
    await using fleet = await startTestFleet();
    let aheadMs = 0;
    const one = fleet.join(1, {}, { clock: () => now() + aheadMs });
    await counting(one);
    if (place === 'share') await fleet.redis.kill();
    const { permit } = await waitUntil('there is one', async () => {
      const taken = await one.store.take(...POLL);
      return taken.permit === null ? null : taken;
    });
    aheadMs = RULES.longestHeldMs;
    expect(one.store.isUsable(permit)).toBe(false);
    aheadMs = 0;
    expect(one.store.isUsable(permit)).toBe(true);
  },
);

test('[M9] S8: a worker that leaves for good gives its share back', async () => {
  await using fleet = await startTestFleet();
  const [one, two] = [fleet.join(), fleet.join()];
  await Promise.all([counting(one), counting(two)]);
  await two.store.close();
  expect(await takeAll(one)).toHaveLength(18);
});

test('[M9] what is written to Redis goes away by itself', async () => {
  await using fleet = await startTestFleet();
  const one = fleet.join();
  await counting(one);
  await one.store.take(...POLL);
  const keys = (await one.client.sendCommand(['KEYS', '*'])) as unknown as string[];
  expect(keys.toSorted()).toEqual(['log:status', 'members', 'state'].map((key) => `external-api:{test}:${key}`));
  for (const key of keys) expect(Number(await one.client.sendCommand(['PTTL', key]))).toBeGreaterThan(3_600_000);
});

test.each([
  ['a log of another type', ['SET', 'external-api:{test}:log:status', 'x']],
  ['a state of another type', ['LPUSH', 'external-api:{test}:state', 'x']],
  ['nonsense in the state', ['HSET', 'external-api:{test}:state', 'closedUntil', 'soon']],
  ['a cool-down without end', ['HSET', 'external-api:{test}:state', 'closedUntil', '9e99']],
  ['members that are none', ['SET', 'external-api:{test}:members', 'x']],
])(
  '[M9] whatever stands under our keys, no call fails or goes over the limit, and Redis counts again: %s',
  async (_, command) => {
    await using fleet = await startTestFleet();
    const [one, two] = [fleet.join(), fleet.join()];
    await Promise.all([counting(one), counting(two)]);
    expect(await takeAll(one)).toHaveLength(18);
    if (command[0] !== 'HSET') await two.client.sendCommand(['DEL', command[1] as string]);
    await two.client.sendCommand(command);
    for (const { store } of [one, two]) expect((await store.take(...POLL)).permit).toBeNull();
    for (const member of [one, two]) {
      await waitUntil('calls go out', async () => (await member.store.take(...POLL)).permit, 15_000);
      await counting(member);
    }
  },
);
