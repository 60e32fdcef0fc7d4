import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest';
import { AnswerCache, type AnswerCacheOptions } from '../../src/answers/answer-cache.ts';
import { ExternalApiClient, RequestNotFoundError, TemporalUnavailableError } from '../../src/client/index.ts';
import type { JsonValue, ProcessOptions } from '../../src/client/index.ts';
import { INVALIDATION_TYPE, workflowIdOf } from '../../src/contract/names.ts';
import { connectRedis } from '../../src/redis/connect-redis.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startRedis } from '../helpers/redis.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
let stack: InProcessStack;

function cacheOf(options: Partial<AnswerCacheOptions> = {}) {
  const answers = new AnswerCache({
    ttlMs: 300_000,
    fallbackMaxAgeMs: 0,
    scope: 'test',
    observer: { answerLookedUp: () => {}, answersUnavailable: () => {} },
    now: clock.now,
    ...options,
  });
  return { answers };
}

beforeAll(async () => {
  stack = await startInProcessStack({ cache: cacheOf() });
});
beforeEach(() => {
  clock.ahead = 0;
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

/** A request that has ended, with what the provider saw of it. */
async function run(
  data: JsonValue,
  {
    of = stack,
    async = false,
    ...options
  }: { of?: InProcessStack; async?: boolean } & Pick<
    ProcessOptions,
    'tenant' | 'cache' | 'cacheMaxAge' | 'idempotencyKey'
  > = {},
) {
  const handle = await of.client.process({ data, options: { async } }, options);
  const { result, source, cachedAt } = await handle.result();
  const submits = callsAbout(of.fake, handle.requestId, '/process');
  const calls = of.calls.filter(({ requestId }) => requestId === handle.requestId);
  return {
    ...handle,
    requestId: handle.requestId,
    result,
    source,
    cachedAt,
    submits: submits.length,
    calls: calls.length,
  };
}

const ASKED = { source: 'provider', submits: 1 };
const FROM_CACHE = { source: 'cache', submits: 0, calls: 0 };

test('[M11][N9] an equal request gets the answer without a call, with its time, in 11 events and 2 workflow tasks', async () => {
  const first = await run({ a: 1, b: 'hit' });
  const second = await run({ b: 'hit', a: 1 });
  expect(first).toMatchObject(ASKED);
  expect(first.cachedAt).toBeNull();
  expect(second).toMatchObject({ ...FROM_CACHE, result: first.result, cachedAt: expect.stringMatching(/Z$/) });
  expect(await stack.client.status(second.requestId)).toMatchObject({
    status: 'completed',
    source: 'cache',
    cachedAt: second.cachedAt,
    providerRequestId: null,
  });
  const events = await stack.events(second.requestId);
  const tasks = events.filter((event) => event.workflowTaskCompletedEventAttributes);
  expect([events.length, tasks.length]).toEqual([11, 2]);
  const history = await stack.temporal.client.workflow.getHandle(workflowIdOf(second.requestId)).fetchHistory();
  await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundlePath') } }, history);
});

test('[M11] a cache adds no event to a request that it does not answer', async () => {
  const { requestId } = await run('an ordinary request');
  expect(await stack.events(requestId)).toHaveLength(17);
});

test('[M11] the answer to an asynchronous request is kept as well', async () => {
  stack.fake.settings.jobDurationMs = 200;
  expect(await run('later', { async: true })).toMatchObject(ASKED);
  expect(await run('later', { async: true })).toMatchObject(FROM_CACHE);
});

test('[M11] another tenant, other data and other options are other requests', async () => {
  await run('mine', { tenant: 'acme' });
  expect(await run('mine', { tenant: 'other' })).toMatchObject(ASKED);
  expect(await run('mine too', { tenant: 'acme' })).toMatchObject(ASKED);
  expect(await run('mine', { tenant: 'acme', async: true })).toMatchObject(ASKED);
  expect(await run('mine', { tenant: 'acme' })).toMatchObject(FROM_CACHE);
});

test('[M11] refresh asks again and keeps the new answer, off neither takes nor keeps one', async () => {
  expect(await run('bypass', { cache: 'off' })).toMatchObject(ASKED);
  const first = await run('bypass');
  expect(first).toMatchObject(ASKED);
  expect(await run('bypass', { cache: 'off' })).toMatchObject(ASKED);
  clock.ahead = 1_000;
  expect(await run('bypass', { cache: 'refresh' })).toMatchObject(ASKED);
  const { cachedAt, ...later } = await run('bypass');
  expect(later).toMatchObject(FROM_CACHE);
  expect(Date.parse(cachedAt!) - Date.now()).toBeGreaterThan(0);
});

test('[M11] a request with a key is an operation of its own, unless it asks for an earlier answer', async () => {
  expect(await run('twice', { idempotencyKey: 'first' })).toMatchObject(ASKED);
  expect(await run('twice', { idempotencyKey: 'second' })).toMatchObject(ASKED);
  expect(await run('twice', { idempotencyKey: 'third', cache: 'read' })).toMatchObject(FROM_CACHE);
  // What a key asked for is kept for those without one.
  expect(await run('twice')).toMatchObject(FROM_CACHE);
});

test('[M11] an answer that is older than its caller takes is asked for again', async () => {
  await run('fresh enough');
  clock.ahead = 10_000;
  expect(await run('fresh enough', { cacheMaxAge: '1 minute' })).toMatchObject(FROM_CACHE);
  expect(await run('fresh enough', { cacheMaxAge: '10 seconds' })).toMatchObject(ASKED);
  expect(await run('fresh enough', { cacheMaxAge: '5 seconds' })).toMatchObject(FROM_CACHE);
});

test('[M11] an answer that is as old as the TTL is asked for again', async () => {
  await run('ages');
  clock.ahead = 299_000;
  expect(await run('ages')).toMatchObject(FROM_CACHE);
  clock.ahead = 301_000;
  expect(await run('ages')).toMatchObject(ASKED);
});

test('[M11] only final successes are kept', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
  const failed = await stack.client.process({ data: 'refused' });
  await expect(failed.result()).rejects.toThrow('Bad Request');
  expect(await run('refused')).toMatchObject(ASKED);
});

test('[M11][N1] a result that a person adopted is kept for nobody else', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await stack.client.process({ data: 'adopted' });
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  const submit = stack.fake.ledger.find(({ idempotencyKey }) => idempotencyKey === handle.requestId);
  const providerRequestId = submit?.providerRequestId ?? '';
  await stack.client.resolve(handle.requestId, { decision: 'adopt', providerRequestId, by: 'ann', reason: 'seen' });
  expect((await handle.result()).source).toBe('provider');
  expect(await run('adopted')).toMatchObject(ASKED);
});

test('[M11] without a cache in the worker every request is a call', async () => {
  await using plain = await startInProcessStack();
  await run('twice', { of: plain });
  expect(await run('twice', { of: plain })).toMatchObject(ASKED);
});

describe('invalidation', () => {
  test('[M11] by request: its answer is forgotten, and no other', async () => {
    const { requestId } = await run('one', { tenant: 'a' });
    await run('two', { tenant: 'a' });
    await stack.client.invalidate({ requestId });
    expect(await run('one', { tenant: 'a' })).toMatchObject(ASKED);
    expect(await run('two', { tenant: 'a' })).toMatchObject(FROM_CACHE);
  });

  test('[M11] by input: the answer to it is forgotten, of this tenant only', async () => {
    for (const tenant of ['b', 'c']) await run({ x: 1, y: 2 }, { tenant });
    await stack.client.invalidate({ tenant: 'b', input: { data: { y: 2, x: 1 } } });
    expect(await run({ x: 1, y: 2 }, { tenant: 'b' })).toMatchObject(ASKED);
    expect(await run({ x: 1, y: 2 }, { tenant: 'c' })).toMatchObject(FROM_CACHE);
  });

  test('[M11] by tenant: all its answers are forgotten, and no others', async () => {
    for (const data of ['one', 'two']) for (const tenant of ['d', 'e']) await run(data, { tenant });
    await stack.client.invalidate({ tenant: 'd' });
    for (const data of ['one', 'two']) {
      expect(await run(data, { tenant: 'd' })).toMatchObject(ASKED);
      expect(await run(data, { tenant: 'e' })).toMatchObject(FROM_CACHE);
    }
  });

  test('[M11][C5] the Web UI shows who asked for what', async () => {
    await stack.client.invalidate({ tenant: 'shown', by: 'ann' });
    const { workflow } = stack.temporal.client;
    const execution = await waitUntil('it is listed', async () => {
      for await (const one of workflow.list({ query: `WorkflowType = '${INVALIDATION_TYPE}'` })) {
        const handle = workflow.getHandle(one.workflowId);
        if ((await (await handle.describe()).staticSummary()) === 'shown: forget all answers') return handle;
      }
      return null;
    });
    const [start] = (await execution.fetchHistory()).events ?? [];
    const payload = start?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    expect(JSON.parse(Buffer.from(payload ?? []).toString())).toEqual({ tenant: 'shown', key: null, by: 'ann' });
  });

  test.each([
    ['', {}],
    ['tenant', { tenant: 'no such tenant' }],
    ['data', { input: {} }],
    ['by', { tenant: 'acme', by: '' }],
  ])('[M12] a bad %s is named, and nothing is forgotten', async (path, options) => {
    await expect(stack.client.invalidate(options as never)).rejects.toMatchObject({
      name: 'InvalidRequestError',
      problems: [{ path }],
    });
  });

  test('[M11] the answer to a request that is not there cannot be forgotten', async () => {
    for (const requestId of ['req_1', `req_${'0'.repeat(26)}`]) {
      await expect(stack.client.invalidate({ requestId })).rejects.toThrow(RequestNotFoundError);
    }
  });

  test('[M11] without a worker the wait ends within 10 s and says so, and the first worker does it', async () => {
    const temporal = await connectToTemporal();
    const error: unknown = await new ExternalApiClient(temporal.client)
      .invalidate({ tenant: 'a' })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TemporalUnavailableError);
    expect((error as Error).message).toMatch(/^No worker has made the cache forget within 10 s\. One that comes back/);
    const workflowId = /workflow (\S+)\.$/.exec((error as Error).message)?.[1];
    await using late = await startInProcessStack({ temporal, cache: cacheOf() });
    await late.temporal.client.workflow.getHandle(workflowId ?? '').result();
  });
});

describe('in Redis', () => {
  test('[M11] workers share their answers, and forget them together', async () => {
    await using redis = await startRedis();
    const connect = () => {
      const client = connectRedis(redis.url, () => {});
      onTestFinished(() => client.destroy());
      return client;
    };
    const clients = [connect(), connect()] as const;
    await waitUntil('Redis is connected', () => clients.every((client) => client.isReady));
    await using one = await startInProcessStack({ cache: cacheOf({ redis: clients[0] }) });
    await using two = await startInProcessStack({ cache: cacheOf({ redis: clients[1] }) });
    const { requestId } = await run('shared', { of: one });
    expect(await run('shared', { of: two })).toMatchObject(FROM_CACHE);
    await one.client.invalidate({ requestId });
    expect(await run('shared', { of: two })).toMatchObject(ASKED);
  });

  test('[M11] a Redis that does not answer is a miss, and the request is done', async () => {
    await using redis = await startRedis();
    const client = connectRedis(redis.url, () => {});
    onTestFinished(() => client.destroy());
    await waitUntil('Redis is connected', () => client.isReady);
    const troubles: string[] = [];
    const observer = { answerLookedUp: () => {}, answersUnavailable: (reason: string) => void troubles.push(reason) };
    await using own = await startInProcessStack({ cache: cacheOf({ redis: client, observer }) });
    await run('kept', { of: own });
    redis.pause();
    expect(await run('kept', { of: own })).toMatchObject(ASKED);
    expect(await run('kept', { of: own })).toMatchObject(ASKED);
    expect(troubles).toHaveLength(1);
    redis.resume();
    await waitUntil('Redis is used again', async () => (await run('kept', { of: own })).source === 'cache');
  });
});
