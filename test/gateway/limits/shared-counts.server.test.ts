import { expect, onTestFinished, test } from 'vitest';
import { COUNT_SCRIPTS, SharedCounts } from '../../../src/gateway/limits/shared-counts.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { parsedLines } from '../../helpers/parsed-lines.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { startGateway, type RunningGateway } from '../running-gateway.ts';

const async = { data: 1, options: { async: true } };

async function redisOf(): Promise<TestRedis> {
  const redis = await startRedis();
  onTestFinished(() => redis[Symbol.asyncDispose]());
  return redis;
}

async function connected({ url }: Pick<TestRedis, 'url'>) {
  const client = connectRedis(url, () => {}, { scripts: COUNT_SCRIPTS });
  onTestFinished(() => client.destroy());
  await waitUntil('it is connected', () => client.isReady);
  return client;
}

async function countsOf(redis: TestRedis, scope = 'default') {
  const { lines, stream } = parsedLines();
  const client = await connected(redis);
  const counts = new SharedCounts(client, scope, createLogger({ level: 'debug', name: 'gateway' }, stream));
  return { client, counts, lines, events: () => lines.map(({ event }) => event) };
}

test('[M16] gateways count the calls of a tenant together, and those of others apart', async () => {
  const redis = await redisOf();
  const [one, two, elsewhere] = [await countsOf(redis), await countsOf(redis), await countsOf(redis, 'staging')];
  expect((await one.counts.count('acme', 0)).calls).toBe(1);
  const { calls, endsInMs } = await two.counts.count('acme', 5_000_000);
  expect(calls).toBe(2);
  expect(endsInMs).toBeGreaterThan(0);
  expect(endsInMs).toBeLessThanOrEqual(60_000);
  expect((await two.counts.count('other', 0)).calls).toBe(1);
  expect((await elsewhere.counts.count('acme', 0)).calls).toBe(1);
  expect(one.lines).toEqual([]);
});

test('[M16] the minute of a tenant ends in Redis by itself', async () => {
  const redis = await redisOf();
  const { counts, client } = await countsOf(redis);
  await counts.count('acme', 0);
  const [key = ''] = await client.keys('*');
  expect(key).toBe('external-api:{default}:calls:acme');
  expect(await client.pTTL(key)).toBeGreaterThan(0);
  await client.persist(key);
  await counts.count('acme', 0);
  expect(await client.pTTL(key)).toBeGreaterThan(0);
  await client.pExpire(key, 1);
  await waitUntil('it is over', async () => (await client.exists(key)) === 0);
  expect((await counts.count('acme', 0)).calls).toBe(1);
});

test.each<[string, (redis: TestRedis) => unknown]>([
  ['is gone', (redis) => redis.kill()],
  ['answers no more', (redis) => redis.pause()],
])(
  '[M16][M21] while Redis %s each gateway counts for itself, one line says so, and nobody waits long',
  async (_, leave) => {
    const redis = await redisOf();
    const { counts, events, lines } = await countsOf(redis);
    const other = await countsOf(redis);
    await counts.count('acme', 0);
    await other.counts.count('acme', 0);
    await leave(redis);
    expect((await counts.count('acme', 10_000)).calls).toBe(2);
    expect((await counts.count('acme', 10_001)).calls).toBe(3);
    expect(await counts.count('acme', 20_000)).toEqual({ calls: 4, endsInMs: 40_000 });
    expect(events()).toEqual(['shared_limits_unavailable']);
    expect(lines).toMatchObject([{ level: 'warn', reason: expect.any(String) }]);
    redis.resume();
  },
);

test('[M16][M21] when Redis is back it is counted there again, and one line says so', async () => {
  const redis = await redisOf();
  const { counts, events, client } = await countsOf(redis);
  await redis.kill();
  expect((await counts.count('acme', 0)).calls).toBe(1);
  const back = await startRedis(redis.port);
  onTestFinished(() => back[Symbol.asyncDispose]());
  await waitUntil('it is connected again', () => client.isReady);
  // For a second it is left alone.
  expect((await counts.count('acme', 999)).calls).toBe(2);
  expect((await counts.count('acme', 1_000)).calls).toBe(1);
  expect(events()).toEqual(['shared_limits_unavailable', 'shared_limits_available']);
});

test('[M16][M19] a tenant has one limit at two gateways, and after Redis is lost one at each; no request fails for it', async () => {
  const redis = await redisOf();
  const limits = { callsPerMinute: 4, requestsInFlight: null };
  const gateways: RunningGateway[] = [];
  for (let n = 0; n < 2; n++) {
    const { counts } = await countsOf(redis);
    gateways.push(await startGateway({ limits, countCall: (tenant, now) => counts.count(tenant, now) }));
  }
  const statuses: number[] = [];
  for (let call = 0; call < 6; call++) statuses.push((await gateways[call % 2]!.post(async)).status);
  expect(statuses).toEqual([202, 202, 202, 202, 429, 429]);
  await redis.kill();
  // Each has had three: a fourth is let in, and no fifth.
  for (const { post } of gateways) expect((await post(async)).status).toBe(202);
  for (const { post } of gateways) expect((await post(async)).status).toBe(429);
});
