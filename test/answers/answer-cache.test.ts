import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { createClient } from '@redis/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AnswerCache, type AnswerCacheOptions } from '../../src/answers/answer-cache.ts';
import type { ProcessResult } from '../../src/contract/request.ts';
import { connectRedis, type RedisClient } from '../../src/redis/connect-redis.ts';
import { startRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const READ = { tenant: 'acme', key: 'hash-1', use: 'read' } as const;

function result(processedData: string): ProcessResult {
  return { processedData, metadata: { processingTime: 1, version: '2.1' } };
}

interface Told {
  lookups: string[];
  troubles: string[];
}

function open(options: Partial<AnswerCacheOptions> = {}) {
  const told: Told = { lookups: [], troubles: [] };
  const clock = { now: Date.now() };
  const cache = new AnswerCache({
    ttlMs: 300_000,
    fallbackMaxAgeMs: 0,
    scope: 'https://provider.example',
    observer: {
      answerLookedUp: (outcome) => void told.lookups.push(outcome),
      answersUnavailable: (reason) => void told.troubles.push(reason),
    },
    now: () => clock.now,
    ...options,
  });
  /** As a request does that asks the provider. */
  async function remember(question: typeof READ, processedData: string): Promise<void> {
    const { slot } = await cache.lookUp({ ...question, use: 'refresh' });
    await cache.store(slot!, result(processedData));
  }
  async function read(question = READ): Promise<unknown> {
    return (await cache.lookUp(question)).answer?.result.processedData ?? null;
  }
  return { cache, clock, told, remember, read };
}

async function connect(redis: { url: string }): Promise<RedisClient> {
  const client = connectRedis(redis.url, () => {});
  onTestFinished(() => client.destroy());
  await waitUntil('Redis is connected', () => client.isReady);
  return client;
}

describe.each(['in memory', 'in Redis'])('%s', (where) => {
  async function start(options: Partial<AnswerCacheOptions> = {}) {
    if (where === 'in memory') return open(options);
    const redis = await startRedis();
    onTestFinished(() => redis.kill());
    return open({ redis: await connect(redis), ...options });
  }

  test('[M11] an answer is for equal input of the same tenant', async () => {
    const { remember, read, told } = await start();
    expect(await read()).toBeNull();
    await remember(READ, 'one');
    expect(await read()).toBe('one');
    expect(await read({ ...READ, tenant: 'other' as 'acme' })).toBeNull();
    expect(await read({ ...READ, key: 'hash-2' as 'hash-1' })).toBeNull();
    expect(told).toEqual({ lookups: ['miss', 'hit', 'miss', 'miss'], troubles: [] });
  });

  test('[M11] a new answer takes the place of the old one', async () => {
    const { remember, read } = await start();
    await remember(READ, 'one');
    await remember(READ, 'two');
    expect(await read()).toBe('two');
  });

  test('[M11] an answer that is as old as the TTL is none', async () => {
    const { clock, remember, read } = await start({ ttlMs: 60_000 });
    await remember(READ, 'one');
    clock.now += 59_999;
    expect(await read()).toBe('one');
    clock.now += 1;
    expect(await read()).toBeNull();
  });

  test('[M13] too old for equal requests, it may still stand in for one that failed, up to the greatest age', async () => {
    const { cache, clock, remember, read } = await start({ ttlMs: 60_000, fallbackMaxAgeMs: 3_600_000 });
    await remember(READ, 'one');
    const storedAt = new Date(clock.now).toISOString();
    clock.now += 3_599_999;
    expect(await read()).toBeNull();
    expect(await cache.lastGood(READ)).toEqual({ result: result('one'), storedAt });
    clock.now += 1;
    expect(await cache.lastGood(READ)).toBeNull();
  });

  test('[M13] answers can be kept for the fallback alone', async () => {
    const { cache, remember, read, told } = await start({ ttlMs: 0, fallbackMaxAgeMs: 3_600_000 });
    await remember(READ, 'one');
    expect(await read()).toBeNull();
    expect(await cache.lastGood(READ)).toMatchObject({ result: result('one') });
    expect(told.lookups).toEqual([]);
  });

  test('[M11] one answer is forgotten, for the fallback too, and no other', async () => {
    const { cache, remember, read } = await start({ fallbackMaxAgeMs: 3_600_000 });
    const other = { ...READ, key: 'hash-2' as 'hash-1' };
    await remember(READ, 'one');
    await remember(other, 'two');
    await cache.invalidate('acme', 'hash-1');
    expect([await read(), await cache.lastGood(READ)]).toEqual([null, null]);
    expect(await read(other)).toBe('two');
  });

  test('[M11] all answers of a tenant are forgotten, those on their way too, and no others', async () => {
    const { cache, remember, read } = await start();
    const other = { ...READ, tenant: 'other' as 'acme' };
    await remember(READ, 'one');
    await remember(other, 'two');
    const { slot } = await cache.lookUp({ ...READ, use: 'refresh' });
    await cache.invalidate('acme', null);
    expect(await read()).toBeNull();
    await cache.store(slot!, result('from before'));
    expect(await read()).toBeNull();
    expect(await read(other)).toBe('two');
    await remember(READ, 'new');
    expect(await read()).toBe('new');
  });

  test('[M11] an answer of more than 256 KiB is not kept', async () => {
    const { remember, read } = await start();
    await remember(READ, 'x'.repeat(256 * 1024));
    expect(await read()).toBeNull();
    await remember(READ, 'x'.repeat(255 * 1024));
    expect(await read()).not.toBeNull();
  });
});

test('[M11] with both times 0 nothing is looked for and nothing kept', async () => {
  const { cache, told } = open({ ttlMs: 0 });
  expect(await cache.lookUp(READ)).toEqual({ slot: null, answer: null });
  expect(told.lookups).toEqual([]);
});

test('[M11] in memory the oldest answers give way: there are never more than 500', async () => {
  const { remember, read } = open();
  for (let i = 0; i < 600; i++) await remember({ ...READ, key: `hash-${i}` as 'hash-1' }, `answer ${i}`);
  expect(await read({ ...READ, key: 'hash-599' as 'hash-1' })).toBe('answer 599');
  expect(await read({ ...READ, key: 'hash-10' as 'hash-1' })).toBeNull();
});

describe('several processes with one Redis', () => {
  test('[M11] share their answers, and what one forgets no other remembers', async () => {
    await using redis = await startRedis();
    const [one, two] = [open({ redis: await connect(redis) }), open({ redis: await connect(redis) })];
    await one.remember(READ, 'one');
    expect(await two.read()).toBe('one');
    await two.cache.invalidate('acme', null);
    expect(await one.read()).toBeNull();
  });

  test('[M11] of another provider are kept apart', async () => {
    await using redis = await startRedis();
    const client = await connect(redis);
    const [one, two] = [open({ redis: client }), open({ redis: client, scope: 'https://staging.example' })];
    await one.remember(READ, 'one');
    expect(await two.read()).toBeNull();
  });

  test('[M11] leave nothing in Redis without an end', async () => {
    await using redis = await startRedis();
    const client = await connect(redis);
    await open({ redis: client, fallbackMaxAgeMs: 3_600_000 }).remember(READ, 'one');
    const keys = await client.keys('*');
    const lives = await Promise.all(keys.map((key) => client.pTTL(key)));
    expect(keys).toHaveLength(2);
    for (const life of lives) expect(life).toBeGreaterThan(300_000);
  });
});

describe('trouble with Redis', () => {
  test.each(['paused', 'killed'])(
    '[M11] %s, it is a miss after at most 300 ms, told once, and nobody fails',
    async (how) => {
      const redis = await startRedis();
      onTestFinished(() => redis.kill());
      const { cache, read, remember, told } = open({ redis: await connect(redis), fallbackMaxAgeMs: 3_600_000 });
      await remember(READ, 'one');
      const { slot } = await cache.lookUp(READ);
      if (how === 'paused') redis.pause();
      else await redis.kill();

      const askedAt = performance.now();
      expect(await read()).toBeNull();
      // 300 ms and what a busy machine adds: by itself a frozen Redis would hold it for good.
      expect(performance.now() - askedAt).toBeLessThan(1_500);
      expect(await cache.lookUp(READ)).toEqual({ slot: null, answer: null });
      expect(await cache.lastGood(READ)).toBeNull();
      await cache.store(slot!, result('two'));
      await expect(cache.invalidate('acme', null)).rejects.toThrow(/did not answer|offline/);
      expect(told.lookups.slice(1)).toEqual(['unavailable', 'unavailable']);
      expect(told.troubles).toHaveLength(1);

      if (how === 'paused') redis.resume();
      else {
        const again = await startRedis(redis.port);
        onTestFinished(() => again.kill());
      }
      await waitUntil('Redis is used again', async () => (await cache.lookUp(READ)).slot !== null);
      expect(told.troubles).toHaveLength(1);
    },
  );

  test('[M11] slow with each command, it is given up after 300 ms for all of them', async () => {
    await using redis = await startRedis();
    const direct = open({ redis: await connect(redis) });
    await direct.remember(READ, 'one');
    const slow = createServer((socket) => {
      const upstream = createConnection(redis.port, '127.0.0.1');
      socket.pipe(upstream).on('error', () => {});
      upstream.on('data', (answer) => setTimeout(() => socket.write(answer), 200));
      socket.on('error', () => {}).on('close', () => upstream.destroy());
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    onTestFinished(() => void slow.close());
    const { port } = slow.address() as AddressInfo;
    const { read, told } = open({ redis: await connect({ url: `redis://127.0.0.1:${port}` }) });
    expect(await read()).toBeNull();
    expect(told.lookups).toEqual(['unavailable']);
  });

  test.each([
    ['no JSON', '{"value":'],
    ['no object', '{"value":"text"}'],
    ['no result', '{"value":{"result":1,"storedAt":"2999-01-01T00:00:00.000Z"}}'],
    ['half a result', '{"value":{"result":{"processedData":1},"storedAt":"2999-01-01T00:00:00.000Z"}}'],
    ['without a time', '{"value":{"result":{"processedData":1,"metadata":{}},"storedAt":"soon"}}'],
  ])('[M11] an entry that is %s is no answer, and gives way to one', async (_, poison) => {
    await using redis = await startRedis();
    const client = await connect(redis);
    const { read, remember } = open({ redis: client });
    await remember(READ, 'one');
    const entry = (await client.keys('*')).find((key) => key.endsWith('/hash-1'));
    const poisoner = await createClient({ url: redis.url }).connect();
    await poisoner.set(entry!, poison);
    poisoner.destroy();
    expect(await read()).toBeNull();
    await remember(READ, 'two');
    expect(await read()).toBe('two');
  });
});

test('[M20] a lookup of a known tenant is one round trip to Redis', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.kill());
  let trips = 0;
  const server = createServer((socket) => {
    const upstream = createConnection(redis.port, '127.0.0.1');
    socket.on('data', (chunk) => {
      if (chunk.includes('GET')) trips++;
      upstream.write(chunk);
    });
    upstream.pipe(socket);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { remember, read } = open({ redis: await connect({ url: `redis://127.0.0.1:${port}` }) });
  await remember(READ, 'one');
  trips = 0;
  expect(await read()).toBe('one');
  expect(trips).toBe(1);
});
