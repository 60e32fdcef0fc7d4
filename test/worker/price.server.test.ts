import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import type { Idempotency } from '../../src/contract/values.ts';
import { startCountingProxy, type CountingProxy } from '../helpers/counting-proxy.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startStack } from '../helpers/stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** What a request costs in calls to Temporal and Redis: counts, which no machine changes. Times are for `npm run bench`. */

const REQUESTS = 20;
/** A call more for one request in four: on a machine so slow that an attempt lasts longer than the time between heartbeats. */
const SLOW = REQUESTS / 4;

const COMMAND = /"(take|peek|closure|arrived|ended|heed|beat|state|leave)"/;

describe.each<Idempotency>(['none', 'key'])('mode %s', (idempotency) => {
  let proxy: CountingProxy;
  let redis: TestRedis;
  let stack: InProcessStack;
  const commands = new Map<string, number>();

  beforeAll(async () => {
    const temporal = await connectToTemporal();
    proxy = await startCountingProxy(temporal.address);
    redis = await startRedis();
    stack = await startInProcessStack({
      policy: { idempotency },
      temporal: { ...temporal, address: proxy.address },
      redis: { url: redis.url, ca: null, sentinels: null, fleetSize: 1 },
      fake: { settings: { rateLimit: 0, jobDurationMs: 0 } },
    });
    await runOne(-1);
    const monitor = createClient({ url: redis.url });
    monitor.on('error', () => {});
    await monitor.connect();
    await monitor.monitor((line) => {
      const name = COMMAND.exec(line)?.[1];
      // What a script does is told, too.
      if (name !== undefined && !line.includes(' lua]')) commands.set(name, (commands.get(name) ?? 0) + 1);
    });
    proxy.reset();
    // One after the other: so each looks for itself.
    for (let n = 0; n < REQUESTS; n++) await runOne(n);
    monitor.destroy();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await redis.kill();
    await proxy[Symbol.asyncDispose]();
  });

  async function runOne(n: number): Promise<void> {
    const handle = await stack.client.process({ data: { n }, options: { async: true } });
    await handle.result();
  }

  test.each([
    ['answers of activities', 'RespondActivityTaskCompleted', 3],
    ['answers of workflow tasks', 'RespondWorkflowTaskCompleted', 4],
    ['heartbeats', 'RecordActivityTaskHeartbeat', idempotency === 'none' ? 1 : 0],
    ['questions about the request', 'DescribeWorkflowExecution', 0],
    ['failed attempts', 'RespondActivityTaskFailed', 0],
  ])('[M20] a request that is polled once takes its %s and no more: %s', (_, method, each) => {
    expect(proxy.count(method)).toBeGreaterThanOrEqual(each * REQUESTS);
    expect(proxy.count(method)).toBeLessThanOrEqual(each * REQUESTS + SLOW);
  });

  test.each([
    ['permits', 'take', 2],
    ['ends of calls', 'ended', 2],
    ['questions about closures', 'closure', 0],
    ['arrivals', 'arrived', 0],
  ])('[M20] its two calls take their %s in Redis and no more: %s', (_, command, each) => {
    const count = commands.get(command) ?? 0;
    expect(count).toBeGreaterThanOrEqual(each * REQUESTS - 1); // The last end is not waited for.
    expect(count).toBeLessThanOrEqual(each * REQUESTS + SLOW);
  });
});

test('[M20] a start with a key asks the server about the request only if that was there before', async () => {
  const temporal = await connectToTemporal();
  await using proxy = await startCountingProxy(temporal.address);
  const through = await connectToTemporal({ address: proxy.address });
  await using stack = await startInProcessStack({ temporal: through });
  proxy.reset();
  const first = await stack.client.process({ data: 1 }, { idempotencyKey: 'order-1' });
  expect(proxy.count('StartWorkflowExecution')).toBe(1);
  expect(proxy.count('DescribeWorkflowExecution')).toBe(0);
  const again = await stack.client.process({ data: 1 }, { idempotencyKey: 'order-1' });
  expect(again.requestId).toBe(first.requestId);
  expect(proxy.count('DescribeWorkflowExecution')).toBe(1);
  await first.result();
  await temporal.close();
});

test('[M20] requests that wait leave the memory of their worker: it keeps WORKER_CACHED_REQUESTS of them', async () => {
  const [kept, requests] = [10, 30];
  // One call an hour: the token's. So all wait to be submitted.
  await using stack = await startStack({
    workerEnv: {
      WORKER_CACHED_REQUESTS: `${kept}`,
      EXTERNAL_API_RATE_LIMIT: '1',
      EXTERNAL_API_RATE_WINDOW: '3600',
    },
  });
  const client = new ExternalApiClient(stack.temporal.client);
  const started = Array.from({ length: requests }, (_, n) => client.process({ data: { n } }));
  const handles = await Promise.all(started);
  const cached = async (): Promise<number> => {
    const page = await (await fetch(`${stack.worker.url}/metrics`)).text();
    const sizes = page.matchAll(/^temporal_sticky_cache_size\{.*\} (\d+)/gm);
    return [...sizes].reduce((sum, [, size]) => sum + Number(size), 0);
  };
  for (const handle of handles) {
    await waitUntil('it waits to be submitted', async () => (await handle.status()).status === 'submitting', 60_000);
    expect(await cached()).toBeLessThanOrEqual(kept);
  }
  expect(await cached()).toBeGreaterThan(0);
});
