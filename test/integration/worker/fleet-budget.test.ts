import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { ExternalApiClient } from '../../../src/client/index.ts';
import { startRedis } from '../../helpers/redis.ts';
import { worstWindow } from '../../helpers/sliding-window.mjs';
import { startStack, startWorker } from '../../helpers/stack.ts';

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

test('[M9] a worker whose Redis does not answer starts all the same, says so once, and goes on by its share', async () => {
  await using stack = await startStack({
    workerEnv: { LOG_LEVEL: 'warn', REDIS_URL: 'redis://:canary-password@127.0.0.1:1', EXTERNAL_API_FLEET_SIZE: '1' },
  });
  const budget = (await (await fetch(`${stack.worker.url}/budget`)).json()) as { counted_in: string };
  expect(budget).toMatchObject({ counted_in: 'share', workers: 1 });
  const client = new ExternalApiClient(stack.temporal.client);
  expect(await (await client.process({ data: 1 })).result()).toMatchObject({ status: 'completed' });
  expect(stack.worker.output().match(/"external_api_budget_shared"/g)).toHaveLength(1);
  expect(stack.worker.output()).not.toContain('canary');
});
