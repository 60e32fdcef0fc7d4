import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExternalApiClient } from 'durable-external-api';
import { startBackgroundProcess } from '../../../../scripts/lib/background-process.mjs';
import { emptyTemporalConfig } from '../../../../scripts/lib/data-folder.mjs';
import { ROOT } from '../../../../scripts/lib/paths.mjs';
import { freePort } from '../../../../scripts/lib/ports.mjs';
import { waitUntilReady } from '../../../../scripts/lib/wait-until-ready.mjs';
import { createNamespace } from '../../../chaos/namespace.mjs';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');
const CREDENTIALS = { apiKey: 'bench-key', clientId: 'bench-client', clientSecret: 'bench-secret' };

/**
 * A fleet of its own: a namespace, a provider that has seen no call yet, a Redis, and workers that share one budget. They
 * begin with `startWorkers`.
 *
 * @param {object} options
 * @param {string} options.folder for logs
 * @param {string} options.temporalAddress
 * @param {number} options.limit calls in `windowMs`, which the provider enforces
 * @param {number} options.windowMs
 * @param {number} [options.workers]
 */
export async function startFleet({ folder, temporalAddress, limit, windowMs, workers = 2 }) {
  const name = `budget-${Date.now()}`;
  const started = [];

  async function start(part, args, env, readyUrl) {
    const logFile = join(folder, `${name}-${part}.log`);
    const running = startBackgroundProcess({
      name: part,
      command: args[0],
      args: args.slice(1),
      env,
      logFile,
      cwd: ROOT,
    });
    started.push(running);
    const failed = running.ended.then((end) => Promise.reject(new Error(end)));
    failed.catch(() => {});
    if (readyUrl) await Promise.race([waitUntilReady(readyUrl), failed]);
    return running;
  }

  const redisPort = await freePort();
  await start('redis', ['redis-server', '--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', ''], {
    PATH: process.env.PATH,
  });

  const providerPort = await freePort();
  const providerUrl = `http://127.0.0.1:${providerPort}`;
  const credentials = {
    EXTERNAL_API_KEY: CREDENTIALS.apiKey,
    EXTERNAL_OAUTH_CLIENT_ID: CREDENTIALS.clientId,
    EXTERNAL_OAUTH_CLIENT_SECRET: CREDENTIALS.clientSecret,
  };
  const provider = [process.execPath, CLI, 'fake-provider', '--port', `${providerPort}`, '--rate-limit', `${limit}`];
  await start('provider', provider, { PATH: process.env.PATH, ...credentials }, `${providerUrl}/_control/health`);

  async function control(path, body) {
    const init = body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${providerUrl}/_control/${path}`, init);
    if (!response.ok) throw new Error(`The fake provider refused ${path}: ${await response.text()}`);
    return await response.json();
  }
  await control('settings', { rateWindowMs: windowMs });

  const space = await createNamespace(temporalAddress, name);
  async function startWorker(n) {
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      ...credentials,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: name,
      TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
      EXTERNAL_API_BASE_URL: providerUrl,
      EXTERNAL_API_RATE_LIMIT: `${limit}`,
      EXTERNAL_API_RATE_WINDOW: `${windowMs / 1000}`,
      EXTERNAL_API_FLEET_SIZE: `${workers}`,
      EXTERNAL_API_TOKEN_KEY: Buffer.alloc(32, 7).toString('base64'),
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      METRICS_PORT: `${port}`,
      LOG_LEVEL: 'warn',
    };
    await start(`worker-${n}`, [process.execPath, CLI, 'worker'], env, `http://127.0.0.1:${port}/readyz`);
  }
  const client = new ExternalApiClient(space.client);
  const numbers = Array.from({ length: workers }, (_, n) => n);

  return {
    client,
    control,
    startWorkers: async () => void (await Promise.all(numbers.map(startWorker))),
    /** Every call that arrived. */
    ledger: async () => (await control('ledger')).entries,
    /** Starts `count` requests, some at a time: a thousand starts at once can be more than a server answers in time. */
    async startMany(count, inputOf, options) {
      const handles = [];
      for (let first = 0; first < count; first += 50) {
        const some = Array.from({ length: Math.min(50, count - first) }, (_, n) => first + n);
        handles.push(...(await Promise.all(some.map((n) => client.process(inputOf(n), options)))));
      }
      return handles;
    },
    /** Waits until the ledger is as `isDone` says, and returns it. */
    async until(isDone, everyMs = 500) {
      for (;;) {
        const { entries: ledger } = await control('ledger');
        if (isDone(ledger)) return ledger;
        await delay(everyMs);
      }
    },
    async stop() {
      for (const each of started.toReversed()) await each.stop();
      await space.close();
    },
  };
}
