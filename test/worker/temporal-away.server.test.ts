import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '#scripts/lib/ports.mjs';
import { ExternalApiClient } from '../../src/client/index.ts';
import { startWorker, type WorkerProcess } from '../helpers/stack.ts';
import { connectToTemporal, startOwnTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const PROVIDER = {
  EXTERNAL_API_BASE_URL: 'http://127.0.0.1:1',
  EXTERNAL_API_KEY: 'key',
  EXTERNAL_OAUTH_CLIENT_ID: 'client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'secret',
  LOG_LEVEL: 'info',
};

interface Line {
  level: string;
  event?: string;
  address?: string;
  since?: string;
  reason?: string;
  msg: string;
}

function lines(worker: WorkerProcess): Line[] {
  return worker
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);
}

function told(worker: WorkerProcess): string[] {
  return lines(worker).flatMap(({ event }) => (event?.startsWith('temporal_') ? [event] : []));
}

async function readiness(worker: WorkerProcess): Promise<{ status: number; text: string }> {
  const response = await fetch(`${worker.url}/readyz`);
  return { status: response.status, text: await response.text() };
}

async function metricsOf(worker: WorkerProcess): Promise<string> {
  return await (await fetch(`${worker.url}/metrics`)).text();
}

async function untilReady(worker: WorkerProcess, expected: number): Promise<string> {
  return await waitUntil(`/readyz says ${expected}`, async () => {
    const { status, text } = await readiness(worker);
    return status === expected && text;
  });
}

test.concurrent(
  '[C1][M21] a worker waits for a Temporal server that is away at its start, and follows one that freezes, dies and comes back',
  { timeout: 180_000 },
  async ({ onTestFinished }) => {
    const temporal = await startOwnTemporal();
    onTestFinished(() => temporal.close());
    const { address } = temporal;
    const { namespace, close } = await connectToTemporal({ address });
    await close();
    await temporal.kill();

    const env = { ...PROVIDER, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const worker = await startWorker(env, { isReady: false });
    onTestFinished(() => worker.stop('SIGKILL'));
    const why = `not ready: the Temporal server at ${address} does not answer since `;
    await waitUntil('it says why', async () => (await readiness(worker)).text.startsWith(why));
    await waitUntil('it has said so twice', () => told(worker).length === 2);
    expect(await metricsOf(worker)).toContain('external_api_budget_limit 1000');
    await temporal.restart();
    await untilReady(worker, 200);
    expect(await metricsOf(worker)).toContain('external_api_budget_limit 1000');
    expect(told(worker).slice(-2)).toEqual(['temporal_unavailable', 'temporal_available']);
    const before = told(worker).length;

    temporal.pause();
    expect(await untilReady(worker, 503)).toContain('no answer within 5 s');
    temporal.resume();
    await untilReady(worker, 200);
    await temporal.kill();
    expect(await untilReady(worker, 503)).toContain(why);
    await temporal.restart();
    await untilReady(worker, 200);

    const away = ['temporal_unavailable', 'temporal_available'];
    expect(told(worker).slice(before)).toEqual([...away, ...away]);
    for (const { event, ...line } of lines(worker)) {
      if (event === 'temporal_unavailable')
        expect(line).toMatchObject({ level: 'warn', address, reason: expect.any(String) });
      if (event?.startsWith('temporal_')) expect(Date.parse(line.since ?? '')).toBeGreaterThan(0);
    }
    const ofSdk = lines(worker).filter(({ level, event }) => level !== 'info' && event === undefined);
    expect(ofSdk.filter(({ msg }) => !msg.startsWith('No workflows registered'))).toEqual([]);
  },
);

test.concurrent(
  '[C1] a worker that waits for a Temporal server which says nothing ends at SIGTERM with 0',
  async ({ onTestFinished }) => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const worker = await startWorker({ ...PROVIDER, TEMPORAL_ADDRESS: address }, { isReady: false });
    onTestFinished(() => worker.stop('SIGKILL'));
    await waitUntil('it says why', async () => (await readiness(worker)).text.includes('no answer within 9 s'));
    await worker.stop('SIGTERM');
    expect(worker.child.exitCode).toBe(0);
  },
);

test.concurrent(
  '[C1] a worker that waits for a Temporal server that is not there ends at SIGTERM with 0',
  async ({ onTestFinished }) => {
    const env = { ...PROVIDER, TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const worker = await startWorker(env, { isReady: false });
    onTestFinished(() => worker.stop('SIGKILL'));
    await waitUntil('it says why', async () => (await readiness(worker)).text.includes('refused'));
    await worker.stop('SIGTERM');
    expect(worker.child.exitCode).toBe(0);
  },
);

test.concurrent(
  '[M19][M21] a client that lost its Temporal server for long looks for it every few seconds',
  { timeout: 120_000 },
  async ({ onTestFinished }) => {
    const port = await freePort();
    const temporal = { connectionOptions: { address: `127.0.0.1:${port}` }, namespace: 'any' };
    await using client = ExternalApiClient.connect({ temporal });
    // By default the pauses are up to half a minute by then, and two minutes later.
    const end = performance.now() + 45_000;
    await waitUntil(
      'time has passed',
      async () => {
        await client.ping().catch(() => {});
        return performance.now() > end;
      },
      60_000,
    );
    const back = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    onTestFinished(() => void back.close());
    const signal = AbortSignal.timeout(8_000);
    await expect(once(back, 'connection', { signal })).resolves.toHaveLength(1);
  },
);
