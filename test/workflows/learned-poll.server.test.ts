import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMemoryJobTimes, createRedisJobTimes } from '../../src/polling/job-times-store.ts';
import { LENGTHS_KEPT, type JobTimes } from '../../src/polling/job-times.ts';
import type { ProcessOptions } from '../../src/client/index.ts';
import { connectRedis, type RedisClient } from '../../src/redis/connect-redis.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
const JOB_MS = 400;
const HOUR_MS = 3_600_000;
let stack: InProcessStack;

/** The fixed plan looks 10, 25, 47, 81, 132, 208, 321, 492 ms after the submit, or a little earlier. */
beforeAll(async () => {
  stack = await startInProcessStack({
    fake: { settings: { jobDurationMs: JOB_MS, rateLimit: 0 } },
    policy: { pollInitialMs: 10 },
    jobTimes: learned({ hourly: HOUR_MS, 'told-of': 10 * JOB_MS }),
  });
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = JOB_MS;
});
afterAll(() => stack[Symbol.asyncDispose]());

/** As if the last jobs of each kind had taken so long. */
function learned(kinds: Record<string, number>): JobTimes {
  const times = createMemoryJobTimes();
  for (const [kind, lengthMs] of Object.entries(kinds)) {
    for (let n = 0; n < LENGTHS_KEPT; n++) times.learn(kind, lengthMs);
  }
  return times;
}

async function start(options: ProcessOptions, on = stack) {
  return await on.client.process({ data: 1, options: { async: true } }, options);
}

/** Makes so many requests at once; returns the polls of each, as the provider counted them. */
async function pollsOf(requests: number, options: ProcessOptions, on = stack): Promise<number[]> {
  const handles = await Promise.all(Array.from({ length: requests }, () => start(options, on)));
  await Promise.all(handles.map((handle) => handle.result()));
  const arrived = (requestId: string, endpoint: string): number =>
    on.fake.ledger.filter((call) => call.idempotencyKey === requestId && call.endpoint === endpoint).length;
  for (const { requestId } of handles) expect(arrived(requestId, '/process')).toBe(1);
  return handles.map(({ requestId }) => arrived(requestId, POLL));
}

test('[N3] after ten requests of a kind, a request of that kind takes its POST and one or two polls', async () => {
  await pollsOf(10, { kind: 'report' });
  const polls = await pollsOf(10, { kind: 'report' });
  expect(Math.max(...polls)).toBeLessThanOrEqual(2);
});

test('[N3] what was learned of one kind says nothing of another, nor of requests that name none', async () => {
  await pollsOf(5, { kind: 'invoice' });
  await pollsOf(1, { kind: 'letter' });
  await pollsOf(1, {});
  const known = new Map(stack.finishedSeen.map(({ kind, usualLengthMs }) => [kind, usualLengthMs]));
  expect([known.get('invoice'), known.get('letter'), known.get('default')]).toEqual([JOB_MS, null, null]);
});

test("[N3][M3] the provider's Retry-After wins over what was learned when it is shorter", async () => {
  stack.fake.settings.jobDurationMs = 0;
  stack.fake.script({ endpoint: '/process', fault: { kind: 'headers', headers: { 'retry-after': '1' } } });
  expect(await pollsOf(1, { kind: 'hourly' })).toEqual([1]);
});

test("[N3][M3] the provider's Retry-After wins over what was learned when it is longer", async () => {
  await pollsOf(5, { kind: 'brief' });
  stack.fake.script({ endpoint: '/process', fault: { kind: 'headers', headers: { 'retry-after': '600' } } });
  const request = await start({ kind: 'brief' });
  expect(await untilNextPoll(request)).toBeGreaterThan(500_000);
  await request.cancel();
});

test('[N3] a first poll that was learned to be due after the deadline goes out before it: the request is not given up', async () => {
  const request = await start({ kind: 'hourly', deadline: '10 minutes' });
  const waitMs = await untilNextPoll(request);
  expect(waitMs).toBeGreaterThan(300_000);
  expect(waitMs).toBeLessThan(600_000);
  await request.cancel();
});

/** Milliseconds that the request waits from one poll to the next, as Temporal has it. */
async function untilNextPoll(request: Awaited<ReturnType<typeof start>>): Promise<number> {
  return await waitUntil('the poll backs off', async () => {
    const { waitingFor, status } = await request.status();
    expect(status).not.toBe('timed_out');
    return waitingFor?.until ? Date.parse(waitingFor.until) - Date.now() : null;
  });
}

test('[N3][N4] E10: a callback URL of the caller does not put the first poll off: nobody tells us of its calls', async () => {
  stack.fake.settings.callbackCount = 0;
  try {
    const polls = async (callback: { callbackUrl?: string }): Promise<number> => {
      const handle = await stack.client.process({ data: 1, options: { async: true, ...callback } }, { kind: 'e10' });
      await handle.result();
      return stack.count(handle.requestId, POLL);
    };
    for (let n = 0; n < 10; n++) await polls({});
    // One and a half times the longest known job would be seen late.
    const lags = stack.finishedSeen.length;
    for (let n = 0; n < 3; n++) expect(await polls({ callbackUrl: 'http://127.0.0.1:9/told' })).toBeLessThanOrEqual(2);
    const seen = stack.finishedSeen.slice(lags).map(({ lagMs }) => lagMs ?? 0);
    expect(Math.min(...seen)).toBeLessThan(JOB_MS / 2);
  } finally {
    stack.fake.settings.callbackCount = 1;
  }
});

test('[N5] who finds a request finished says how late, after how many polls, and how long its kind usually takes', async () => {
  const polls = await pollsOf(5, { kind: 'watched' });
  const seen = stack.finishedSeen.filter(({ kind }) => kind === 'watched');
  expect(seen.map((finished) => finished.polls).toSorted(byNumber)).toEqual(polls.toSorted(byNumber));
  for (const { lagMs } of seen) expect(lagMs).toBeGreaterThanOrEqual(0);
  expect(seen.map(({ usualLengthMs }) => usualLengthMs)).toEqual([null, null, null, null, JOB_MS]);
});

test("[N5] a provider's clock that is ahead of ours makes no negative lag, and no poll too many", async () => {
  await using behind = await startInProcessStack({
    fake: { settings: { jobDurationMs: JOB_MS, rateLimit: 0 } },
    jobTimes: learned({ report: JOB_MS }),
    now: () => Date.now() - HOUR_MS,
  });
  expect((await pollsOf(1, { kind: 'report' }, behind))[0]).toBeLessThanOrEqual(2);
  expect(behind.finishedSeen).toMatchObject([{ lagMs: 0, usualLengthMs: JOB_MS }]);
});

const KEY = 'external-api:{provider}:job-times:report';

/** A process's view of the times in a Redis, and the client that it uses. */
async function connectJobTimes(url: string, scope = 'provider') {
  const redis = connectRedis(url, () => {});
  await waitUntil('Redis is connected', () => redis.isReady);
  return {
    redis,
    times: createRedisJobTimes(redis, scope),
    [Symbol.dispose]: () => redis.destroy(),
  };
}

test('[N3] what one worker learned, another knows', async () => {
  await using redis = await startRedis();
  using one = await connectJobTimes(redis.url);
  using other = await connectJobTimes(redis.url);
  using elsewhere = await connectJobTimes(redis.url, 'another provider');
  await using teacher = await startInProcessStack({
    fake: { settings: { jobDurationMs: JOB_MS, rateLimit: 0 } },
    jobTimes: one.times,
  });
  await pollsOf(5, { kind: 'report' }, teacher);
  await using pupil = await startInProcessStack({
    fake: { settings: { jobDurationMs: JOB_MS, rateLimit: 0 } },
    policy: { pollInitialMs: 1, pollMaxMs: 1 },
    jobTimes: other.times,
  });
  expect((await pollsOf(1, { kind: 'report' }, pupil))[0]).toBeLessThanOrEqual(2);
  expect(await elsewhere.times.lengths('report')).toEqual([]);
});

test('[N3] of a kind Redis keeps the last 50 lengths, for a week after the last', async () => {
  await using redis = await startRedis();
  using process = await connectJobTimes(redis.url);
  for (let n = 1; n <= 60; n++) process.times.learn('report', n);
  await waitUntil('all are written', async () => (await process.redis.lIndex(KEY, 0)) === '60');
  expect(await process.redis.lLen(KEY)).toBe(50);
  const week = 7 * 24 * 3_600;
  expect(await process.redis.ttl(KEY)).toBeGreaterThan(week - 60);
  expect(await process.redis.ttl(KEY)).toBeLessThanOrEqual(week);
});

test('[N3] what in Redis is no length is not heeded', async () => {
  await using redis = await startRedis();
  using process = await connectJobTimes(redis.url);
  await process.redis.rPush(KEY, ['300', '-1', 'x', '', '1e99', '0', '200']);
  expect(await process.times.lengths('report')).toEqual([300, 200]);
});

interface Trouble {
  begins: (redis: TestRedis, client: RedisClient) => unknown;
  /** Returns the Redis that there is then. */
  ends: (redis: TestRedis, client: RedisClient) => Promise<TestRedis>;
}

const TROUBLES: Record<string, Trouble> = {
  'is killed': {
    begins: (redis) => redis.kill(),
    ends: (redis) => startRedis(redis.port),
  },
  hangs: {
    begins: (redis) => redis.pause(),
    async ends(redis) {
      redis.resume();
      return redis;
    },
  },
  'is flushed': {
    begins: (_redis, client) => client.flushAll(),
    ends: async (redis) => redis,
  },
  'holds no list under our key': {
    begins: (_redis, client) => client.set(KEY, 'x'),
    async ends(redis, client) {
      await client.del(KEY);
      return redis;
    },
  },
};

test.concurrent.each(Object.entries(TROUBLES))(
  '[N3] when Redis %s, a worker goes on with what it learned itself until Redis is back',
  async (_name, trouble) => {
    await using redis = await startRedis();
    using one = await connectJobTimes(redis.url);
    using other = await connectJobTimes(redis.url);
    for (let n = 0; n < 5; n++) one.times.learn('report', 100);
    for (let n = 0; n < 5; n++) other.times.learn('report', 200);
    const known = async () => (await one.times.lengths('report')).toSorted(byNumber).join(' ');
    await waitUntil('both are known', async () => (await known()) === '100 100 100 100 100 200 200 200 200 200');
    await trouble.begins(redis, one.redis);
    await waitUntil('only its own are known', async () => (await known()) === '100 100 100 100 100');
    await using after = await trouble.ends(redis, one.redis);
    using newcomer = await connectJobTimes(after.url);
    for (let n = 0; n < 10; n++) newcomer.times.learn('report', 300);
    await waitUntil('the newcomer is heard of', async () => (await known()).includes('300'));
  },
);

function byNumber(a: number, b: number): number {
  return a - b;
}
