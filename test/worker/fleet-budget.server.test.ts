import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { freePort } from '#scripts/lib/ports.mjs';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { worstWindow } from '../../bench/sliding-window.ts';
import { startStack, startWorker } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const [LIMIT, WINDOW_S] = [40, 2];

test(
  '[M9][N2][N3][M2] two worker processes share one limit, one cool-down and one token: no window over it, no 429',
  { timeout: 90_000 },
  async () => {
    await using redis = await startRedis();
    await using stack = await startStack({
      fakeProvider: { settings: { rateLimit: LIMIT, rateWindowMs: WINDOW_S * 1000 } },
      workerEnv: {
        REDIS_URL: redis.url,
        EXTERNAL_API_FLEET_SIZE: '2',
        EXTERNAL_API_RATE_LIMIT: `${LIMIT}`,
        EXTERNAL_API_RATE_WINDOW: `${WINDOW_S}`,
        EXTERNAL_API_TIMEOUT: '5',
        EXTERNAL_API_TOKEN_KEY: randomBytes(32).toString('base64'),
      },
    });
    const second = await startWorker(stack.workerEnv);
    try {
      const client = new ExternalApiClient(stack.temporal.client);
      const handles = await Promise.all(Array.from({ length: 160 }, (_, n) => client.process({ data: { n } })));
      await Promise.all(handles.map((handle) => handle.result()));
      const { ledger } = stack.fakeProvider;
      const arrivals = ledger.map(({ arrivedAt }) => arrivedAt);
      expect(ledger.filter(({ statusCode }) => statusCode === 429)).toEqual([]);
      expect(worstWindow(arrivals, WINDOW_S * 1000)).toBeLessThanOrEqual(LIMIT);
      expect(ledger.filter(({ endpoint }) => endpoint === '/oauth/token')).toHaveLength(1);
      const budget = (await (await fetch(`${second.url}/budget`)).json()) as { counted_in: string; workers: number };
      expect(budget).toMatchObject({ workers: 2 });
    } finally {
      await second.stop('SIGKILL');
    }
  },
);

test('[M9][N3] S8: a worker that never reached its Redis runs unready, says so once, sends nothing, and begins when it is there', async () => {
  const port = await freePort();
  await using stack = await startStack();
  await stack.worker.stop();
  const env = {
    ...stack.workerEnv,
    REDIS_URL: `redis://:canary-password@127.0.0.1:${port}`,
    EXTERNAL_API_FLEET_SIZE: '1',
  };
  const worker = await startWorker(env, { isReady: false });
  let redis: TestRedis | undefined;
  try {
    const client = new ExternalApiClient(stack.temporal.client);
    const handle = await client.process({ data: 1 });
    await waitUntil('it waits at the provider', async () => (await handle.status()).status === 'submitting');
    expect(stack.fakeProvider.ledger).toEqual([]);
    expect(worker.output().match(/"external_api_budget_shared"/g)).toHaveLength(1);
    expect(worker.output()).not.toContain('canary');
    redis = await startRedis(port, { password: 'canary-password' });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect((await fetch(`${worker.url}/readyz`)).ok).toBe(true);
  } finally {
    await worker.stop('SIGKILL');
    await redis?.kill();
  }
});
