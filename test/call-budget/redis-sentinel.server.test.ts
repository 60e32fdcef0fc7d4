import { expect, onTestFinished, test } from 'vitest';
import { worstWindow } from '../../bench/sliding-window.ts';
import { startWatchedRedis } from '../helpers/redis-sentinel.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { connectWithScript } from './script-log.ts';
import { callOn, counting, RULES, startTestFleet } from './test-fleet.ts';

const NOBODY = { host: '127.0.0.1', port: 1 };
const URL_OF_NOBODY = 'redis://sentinels';

test(
  '[M9][N3] when a sentinel makes a replica the master, the fleet follows it, and no call goes out too many',
  { timeout: 60_000 },
  async () => {
    await using watched = await startWatchedRedis();
    const { master, replica, sentinel, name } = watched;
    await using fleet = await startTestFleet({ redis: master });
    const way = { url: URL_OF_NOBODY, sentinels: { nodes: [NOBODY, sentinel], name } };
    const [one, two] = [fleet.join(2, {}, way), fleet.join(2, {}, way)];
    await Promise.all([counting(one), counting(two)]);
    const other = connectWithScript(replica.url);
    onTestFinished(() => other.destroy());
    await waitUntil('the replica has all', async () => {
      const role = other.isReady ? await other.role() : null;
      return role?.role === 'slave' && role.state === 'connected';
    });
    const arrivals: number[] = [];
    const stop = new AbortController();
    const calling = [one, two].map((member) => callOn(member, arrivals, stop.signal));
    await waitUntil('calls go out', () => arrivals.length > RULES.limit);
    await master.kill();
    await waitUntil('the loss is told', () => one.told.some(({ redisOk }) => !redisOk));
    await waitUntil(
      'the replica is master',
      async () => (await other.role().catch(() => null))?.role === 'master',
      30_000,
    );
    await Promise.all([counting(one), counting(two)]);
    const before = arrivals.length;
    await waitUntil('calls go out', () => arrivals.length > before + RULES.limit, 20_000);
    stop.abort();
    await Promise.all(calling);
    expect(worstWindow(arrivals, RULES.windowMs)).toBeLessThanOrEqual(RULES.limit);
    expect(await one.client.sendCommand(['CONFIG', 'GET', 'port'])).toContain(`${replica.port}`);
  },
);

test('[M9][N3] that no sentinel answers, or that none knows the master, is told', async () => {
  await using watched = await startWatchedRedis();
  await using fleet = await startTestFleet({ redis: watched.master });
  const members = [
    fleet.join(2, {}, { url: URL_OF_NOBODY, sentinels: { nodes: [NOBODY], name: watched.name } }),
    fleet.join(2, {}, { url: URL_OF_NOBODY, sentinels: { nodes: [watched.sentinel], name: 'other' } }),
  ];
  await waitUntil('both are told', () => members.every(({ told }) => told.length > 0));
  const no = 'no connection: no sentinel of REDIS_SENTINELS says where the master is: ';
  expect(members.map(({ told }) => told[0]?.why)).toEqual([
    // Refused, or not noticed in time on a busy machine.
    expect.stringContaining(no),
    `${no}it watches no master named other: check REDIS_SENTINEL_NAME`,
  ]);
});
