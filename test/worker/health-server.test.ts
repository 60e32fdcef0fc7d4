import { expect, test } from 'vitest';
import { readBudget } from '../../src/client/budget-source.ts';
import { budgetToWire } from '../../src/contract/budget-view.ts';
import { startHealthServer, type HealthServerOptions } from '../../src/worker/health-server.ts';
import { OPEN_BUDGET } from '../helpers/budget-page.ts';

async function startServer(options: Partial<HealthServerOptions> = {}) {
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    whyNotReady: () => null,
    metrics: async () => '',
    budget: async () => OPEN_BUDGET,
    ...options,
  });
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.close() };
}

test('[M9] a worker serves its call budget as JSON, as clients read it', async () => {
  await using server = await startServer();
  const response = await fetch(`${server.url}/budget`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual(budgetToWire(OPEN_BUDGET));
  expect(await readBudget(server.url)).toEqual(OPEN_BUDGET);
});

test('[M9][M15] a page that cannot be made is a 503 that names it, and leaves the others alone', async () => {
  await using server = await startServer({ budget: () => Promise.reject(new Error('redis://user:secret@host')) });
  const response = await fetch(`${server.url}/budget`);
  expect([response.status, await response.text()]).toEqual([503, '/budget cannot be read at the moment.\n']);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test('[C1] what is not there is a 404 that lists what is', async () => {
  await using server = await startServer();
  const response = await fetch(`${server.url}/else`);
  expect([response.status, await response.text()]).toEqual([
    404,
    'There are /healthz, /readyz, /metrics, /budget here.\n',
  ]);
});
