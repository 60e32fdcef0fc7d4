import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ExternalApiClient, type ProcessInput, type ProcessOptions, type RequestHandle } from 'durable-external-api';
import type { LedgerEntry } from 'durable-external-api/testing';
import { type BackgroundProcess, startBackgroundProcess } from '#scripts/lib/background-process.mjs';
import { emptyTemporalConfig } from '#scripts/lib/data-folder.mjs';
import { ROOT } from '#scripts/lib/paths.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import { waitUntilReady } from '#scripts/lib/wait-until-ready.mjs';
import { CREDENTIAL_VARIABLES } from '../credentials.ts';
import { createNamespace } from '../namespace.ts';

const CLI = join(ROOT, 'dist', 'cli', 'main.js');

export type Ledger = readonly Readonly<LedgerEntry>[];

export interface FleetOptions {
  /** For logs. */
  folder: string;
  temporalAddress: string;
  /** Calls in `windowMs`, which the provider enforces. */
  limit: number;
  windowMs: number;
  /** Default 2. */
  workers?: number;
  /** More variables of the workers. */
  variables?: NodeJS.ProcessEnv;
}

/** Workers that share one budget, before a provider that counts. */
export interface Fleet {
  client: ExternalApiClient;
  temporal: Client;
  /** Of the workers that were started. */
  readonly workerPids: readonly number[];
  /** Posts to a control route of the fake provider. */
  control(path: string, body: unknown): Promise<void>;
  startWorkers(): Promise<void>;
  /** Every call that arrived. */
  ledger(): Promise<Ledger>;
  /** Starts `count` requests, some at a time: a thousand starts at once can be more than a server answers in time. */
  startMany(count: number, inputOf: (n: number) => ProcessInput, options?: ProcessOptions): Promise<RequestHandle[]>;
  /** Waits until the ledger is as `isDone` says, and returns it. */
  until(isDone: (ledger: Ledger) => boolean, everyMs?: number): Promise<Ledger>;
  stop(): Promise<void>;
}

/**
 * A fleet of its own: a namespace, a provider that has seen no call yet, a Redis, and workers that share one budget. They
 * begin with `startWorkers`.
 */
export async function startFleet({
  folder,
  temporalAddress,
  limit,
  windowMs,
  workers = 2,
  variables,
}: FleetOptions): Promise<Fleet> {
  const name = `budget-${Date.now()}`;
  const started: BackgroundProcess[] = [];
  const path = { PATH: process.env['PATH'] };

  async function start(
    part: string,
    [command, ...args]: readonly [string, ...string[]],
    env: NodeJS.ProcessEnv,
    readyUrl?: string,
  ): Promise<BackgroundProcess> {
    const logFile = join(folder, `${name}-${part}.log`);
    const running = startBackgroundProcess({ name: part, command, args, env, logFile, cwd: ROOT });
    started.push(running);
    const failed = running.ended.then((end) => Promise.reject(new Error(end)));
    failed.catch(() => {}); // It is stopped at the end.
    if (readyUrl !== undefined) await Promise.race([waitUntilReady(readyUrl), failed]);
    return running;
  }

  const redisPort = await freePort();
  await start('redis', ['redis-server', '--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', ''], path);

  const providerPort = await freePort();
  const providerUrl = `http://127.0.0.1:${providerPort}`;
  await start(
    'provider',
    [process.execPath, CLI, 'fake-provider', '--port', `${providerPort}`, '--rate-limit', `${limit}`],
    { ...path, ...CREDENTIAL_VARIABLES },
    `${providerUrl}/_control/health`,
  );

  async function ask(route: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(`${providerUrl}/_control/${route}`, init);
    if (!response.ok) throw new Error(`The fake provider refused ${route}: ${await response.text()}`);
    return await response.json();
  }
  async function control(route: string, body: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await ask(route, { method: 'POST', headers, body: JSON.stringify(body) });
  }
  const ledger = async (): Promise<Ledger> => ((await ask('ledger')) as { entries: LedgerEntry[] }).entries;
  await control('settings', { rateWindowMs: windowMs });

  const space = await createNamespace(temporalAddress, name);
  const workerPids: number[] = [];
  async function startWorker(n: number): Promise<void> {
    const port = await freePort();
    const env = {
      ...path,
      ...CREDENTIAL_VARIABLES,
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
      ...variables,
    };
    const { pid } = await start(
      `worker-${n}`,
      [process.execPath, CLI, 'worker'],
      env,
      `http://127.0.0.1:${port}/readyz`,
    );
    if (pid !== undefined) workerPids.push(pid);
  }
  const client = new ExternalApiClient(space.client);
  const numbers = Array.from({ length: workers }, (_, n) => n);

  return {
    client,
    temporal: space.client,
    workerPids,
    control,
    ledger,
    startWorkers: async () => void (await Promise.all(numbers.map(startWorker))),
    async startMany(count, inputOf, options) {
      const handles: RequestHandle[] = [];
      for (let first = 0; first < count; first += 50) {
        const some = Array.from({ length: Math.min(50, count - first) }, (_, n) => first + n);
        handles.push(...(await Promise.all(some.map((n) => client.process(inputOf(n), options)))));
      }
      return handles;
    },
    async until(isDone, everyMs = 500) {
      for (;;) {
        const calls = await ledger();
        if (isDone(calls)) return calls;
        await delay(everyMs);
      }
    },
    async stop() {
      for (const each of started.toReversed()) await each.stop();
      await space.close();
    },
  };
}
