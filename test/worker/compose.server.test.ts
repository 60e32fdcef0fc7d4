import '../helpers/quiet-runtime.ts';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { startFakeProvider, type FakeProvider } from '../../src/fake-provider/index.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import { composeWorker, loadWorkerConfig, type FleetWorkerOptions } from '../../src/worker/index.ts';
import { startRedis } from '../helpers/redis.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let temporal: TestTemporal;
let fake: FakeProvider;
beforeAll(async () => {
  temporal = await connectToTemporal();
  fake = await startFakeProvider();
});
afterAll(async () => {
  await fake.close();
  await temporal.close();
});

const RESULT = { processedData: { stood: 'in' }, metadata: { processingTime: 0, version: 'none' } };

function compose(env: Record<string, string>, options: Omit<FleetWorkerOptions, 'config'> = {}) {
  const { apiKey, clientId, clientSecret } = fake.credentials;
  const config = loadWorkerConfig({
    EXTERNAL_API_BASE_URL: fake.url,
    EXTERNAL_API_KEY: apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: clientSecret,
    EXTERNAL_API_RETRY_DELAY: '0.02',
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    LOG_LEVEL: 'silent',
    ...env,
  });
  return composeWorker({ config, workflowBundle: { codePath: inject('workflowBundlePath') }, ...options });
}

test('[C5] a service runs a whole worker itself, with a function as fallback and an observer of its own', async () => {
  const calls: CallRecord[] = [];
  const worker = compose(
    {},
    {
      fallback: 'stub',
      fallbacks: { stub: async () => RESULT },
      observer: { called: (call) => void calls.push(call) },
    },
  );
  expect(worker.isReady()).toBe(false);
  const running = worker.run();
  await waitUntil('it runs', () => worker.isReady());
  fake.script({ endpoint: '/process', times: 3, fault: { kind: 'status', code: 500 } });
  const client = new ExternalApiClient(temporal.client);
  const handle = await client.process({ data: 1 }, { idempotency: 'none', unknownHold: '50 milliseconds' });
  await expect(handle.result()).rejects.toThrow('Nobody decided');
  fake.clearFaults();
  fake.script({ endpoint: '/status/{request_id}', times: 3, fault: { kind: 'status', code: 500 } });
  const failed = await client.process({ data: 2, options: { async: true } });
  expect(await failed.result()).toMatchObject({ source: 'fallback', result: RESULT });
  expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['token', 'submit', 'status']));
  expect(await worker.budgetView()).toMatchObject({ used: calls.length, countedIn: 'memory' });
  worker.shutdown();
  await running;
  expect(worker.isReady()).toBe(false);
});

test('[C5][M9] with REDIS_URL it counts for the fleet, and lets go of Redis at its end', async () => {
  await using redis = await startRedis();
  const worker = compose({ REDIS_URL: redis.url, EXTERNAL_API_FLEET_SIZE: '1' });
  const running = worker.run();
  await waitUntil('it runs', () => worker.isReady());
  expect((await worker.budgetView()).countedIn).not.toBe('memory');
  worker.shutdown();
  await running;
});

test('[C1][M21] what runs when it is told to end may go on for as long as the timeouts of its calls say', async () => {
  const create = vi.spyOn(Worker, 'create');
  onTestFinished(() => create.mockRestore());
  const worker = compose({ EXTERNAL_API_CONNECT_TIMEOUT: '1', EXTERNAL_API_TIMEOUT: '120' });
  const running = worker.run();
  await waitUntil('it runs', () => worker.isReady());
  worker.shutdown();
  await running;
  const graceTimes = create.mock.calls.map(([{ shutdownGraceTime }]) => shutdownGraceTime);
  expect(new Set(graceTimes)).toEqual(new Set([294_000]));
});

test('[C1] a worker that cannot be made says why, and lets go of what was made already', async () => {
  const create = vi.spyOn(Worker, 'create');
  onTestFinished(() => create.mockRestore());
  const code = 'throw new Error("a broken bundle")\n//# sourceMappingURL=data:application/json;base64,e30=';
  const worker = compose({}, { workflowBundle: { code } });
  await expect(worker.run()).rejects.toThrow(TypeError);
  const made = (await Promise.allSettled(create.mock.results.map(({ value }) => value as Promise<Worker>)))
    .filter((result) => result.status === 'fulfilled')
    .map(({ value }) => value.getState());
  expect(made).toEqual(['STOPPED', 'STOPPED']);
});

test('[C5] a fallback that is not there is refused at once, and names those that are', () => {
  expect(() => compose({}, { fallback: 'stbu', fallbacks: { stub: async () => RESULT } })).toThrow(/"stbu".*stub/);
});

test('[C1] without a Temporal server it waits, and says why, until it is told to end', async () => {
  const worker = compose({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
  const running = worker.run();
  await waitUntil('it says why', () => worker.whyNotReady()?.includes('127.0.0.1:1 does not answer'));
  worker.shutdown();
  await running;
  expect(worker.whyNotReady()).toBe('it ends');
});
