import { expect, test } from 'vitest';
import type { Permit } from '../../../src/provider/call-budget/budget.ts';
import { startRedis } from '../../helpers/redis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { beaten, countsIn, startTestFleet, takeAll, timed } from './test-fleet.ts';

test('[M9] a new fleet on an empty Redis starts at once, each at its share; then any may use the whole budget', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const [one, two] = [fleet.join(), fleet.join()];
  expect(await takeAll(one)).toHaveLength(10);
  expect(await takeAll(two)).toHaveLength(10);
  await waitUntil('Redis counts', () => countsIn(one, 'redis'));
  const permits = await takeAll(one);
  expect(permits).toHaveLength(20);
  expect(await two.store.take('poll')).toMatchObject({ permit: null, closedBy: 'budget' });
  expect(await two.store.state()).toMatchObject({ countedIn: 'redis', used: 20, workers: 2 });
  // What comes back is there for all.
  await one.store.ended(permits[0] as Permit, { type: 'unsent' });
  expect(await takeAll(two)).toHaveLength(1);
  expect(one.told.map(({ redisOk }) => redisOk)).toEqual([false, true]);
});

test('[M9] shares follow the fleet: when a third worker comes, each has a third of the budget', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const rules = { windowMs: 30_000 };
  const members = [fleet.join(2, rules), fleet.join(2, rules), fleet.join(2, rules)];
  // The last to come gets its share when the others have been told.
  for (const { store } of members) {
    await waitUntil('it has a share', async () => (await store.peek('poll', 6)).waitMs === 0);
  }
  for (const member of members) await beaten(member);
  for (const member of members) expect(await takeAll(member)).toHaveLength(6);
});

test('[M9] Redis forgets scripts when it restarts: that is not noticed', async () => {
  await using fleet = await startTestFleet();
  const one = fleet.join();
  expect(await countsIn(one, 'redis')).toBe(true);
  await one.client.sendCommand(['SCRIPT', 'FLUSH']);
  expect((await one.store.take('poll')).permit).not.toBeNull();
  expect(one.told).toEqual([]);
});

test.each([
  ['a log of another type', ['SET', 'external-api:{test}:log', 'x']],
  ['a state of another type', ['LPUSH', 'external-api:{test}:state', 'x']],
  ['nonsense in the state', ['HSET', 'external-api:{test}:state', 'closedUntil', 'soon']],
  ['a cool-down without end', ['HSET', 'external-api:{test}:state', 'closedUntil', '9e99']],
  ['workers that are none', ['SET', 'external-api:{test}:workers', 'x']],
])(
  '[M9] whatever stands under our keys, no call fails or goes over the limit, and Redis counts again: %s',
  async (_, command) => {
    await using fleet = await startTestFleet();
    const [one, two] = [fleet.join(), fleet.join()];
    expect(await takeAll(one)).toHaveLength(20);
    if (command[0] !== 'HSET') await two.client.sendCommand(['DEL', command[1] as string]);
    await two.client.sendCommand(command);
    for (const member of [one, two]) expect((await member.store.take('poll')).permit).toBeNull();
    for (const member of [one, two]) {
      await waitUntil('calls go out', async () => (await member.store.take('poll')).permit);
      await waitUntil('Redis counts', () => countsIn(member, 'redis'));
    }
  },
);

test('[M9] a worker that starts without Redis waits for a window, in which others may have sent all, unless it is alone', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  await fleet.redis.kill();
  const one = fleet.join(4);
  expect(await timed(() => one.store.take('poll'))).toBeLessThan(1_000);
  expect(one.told).toMatchObject([{ redisOk: false, workers: 4 }]);
  expect((await one.store.take('poll')).permit).toBeNull();
  let permits: Permit[] = [];
  await waitUntil('its share is there', async () => (permits = await takeAll(one)).length > 0);
  expect(permits).toHaveLength(5);
  expect(await takeAll(fleet.join(1))).toHaveLength(20);
});

test('[M9] a worker that starts before its Redis begins when it is there', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const { port } = fleet.redis;
  await fleet.redis.kill();
  const one = fleet.join(2, { windowMs: 30_000 });
  expect((await one.store.take('poll')).permit).toBeNull();
  fleet.redis = await startRedis(port);
  await waitUntil('calls go out', async () => (await one.store.take('poll')).permit, 5_000);
  expect(one.told).toHaveLength(1);
});

test('[N2] a 429 of one worker closes the provider for all, also while each goes by its share', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const [one, two] = [fleet.join(), fleet.join()];
  const taken = await one.store.take('poll');
  expect(await countsIn(one, 'share')).toBe(true);
  await one.store.ended(taken.permit as Permit, { type: 'refused', retryAfterMs: 60_000 });
  expect(await two.store.take('poll')).toMatchObject({ permit: null, closedBy: 'cool_down' });
  fleet.redis.pause();
  expect(await two.store.peek('poll', 1)).toMatchObject({ closedBy: 'cool_down' });
});

test('[M9] what is written to Redis goes away by itself', async () => {
  await using fleet = await startTestFleet({ isNew: true });
  const one = fleet.join();
  await one.store.take('poll');
  const keys = (await one.client.sendCommand(['KEYS', '*'])) as unknown as string[];
  expect(keys.toSorted()).toEqual(['fleet', 'log', 'state', 'workers'].map((key) => `external-api:{test}:${key}`));
  for (const key of keys) {
    const ttl = Number(await one.client.sendCommand(['PTTL', key]));
    expect(ttl).toBeGreaterThan(3_600_000);
    expect(ttl).toBeLessThan(4_000_000);
  }
});
