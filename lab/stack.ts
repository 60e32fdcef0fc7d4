import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerEntry, ScriptedFault } from 'durable-external-api/testing';
import { emptyTemporalConfig } from '#scripts/lib/data-folder.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import { BUILT_IN_PROVIDER, DEFAULT_TENANT } from '#product/contract/names.js';
import { type CallbackRelay, startCallbackRelay } from './callback-relay.ts';
import type { Budget } from './evidence.ts';
import { LOOKUP_PROVIDER, writeLookupProfile } from './lookup-profile.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { type RestartableRedis, startRedis } from './redis.ts';
import { Service } from './service.ts';
import { type RestartableTemporal, startTemporal } from './temporal.ts';
import type { RunMode } from './work.ts';

const WORKERS = 2;
/** Calls in all before a worker gives a step up. */
export const TRIES = 8;
/** So little that a backlog fills it, and so short that a run has many windows. */
export const BUDGET: Budget = { limit: 40, windowMs: 1_000 };
const CREDENTIALS = {
  EXTERNAL_API_KEY: 'lab-key',
  EXTERNAL_OAUTH_CLIENT_ID: 'lab-client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'lab-secret',
};
const DELIVERY_SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const CALLBACK_KEY = { id: 'lab', secret: Buffer.alloc(32, 9) };

/** How the lab's workers differ from the defaults: more calls before they give up, less waiting, and a small budget. */
const WORKER_SETTINGS = {
  EXTERNAL_API_TIMEOUT: '10',
  EXTERNAL_API_RATE_LIMIT: `${BUDGET.limit}`,
  EXTERNAL_API_RATE_WINDOW: `${BUDGET.windowMs / 1000}`,
  EXTERNAL_API_FLEET_SIZE: `${WORKERS}`,
  EXTERNAL_API_TOKEN_KEY: Buffer.alloc(32, 7).toString('base64'),
  EXTERNAL_API_CACHE_TTL: '0',
  EXTERNAL_API_MAX_RETRIES: `${TRIES}`,
  EXTERNAL_API_RETRY_DELAY: '0.2',
  EXTERNAL_API_POLL_INITIAL: '0.5',
  EXTERNAL_API_POLL_MAX: '4',
};

export interface Stack {
  /** Rejects when a process ends that was not ended on purpose. */
  death: Promise<never>;
  temporal: RestartableTemporal;
  redis: RestartableRedis;
  workers: readonly Service[];
  gateway: Service;
  gatewayUrl: string;
  relay: CallbackRelay;
  receiver: Receiver;
  /** Adds to the fake provider's script of faults. */
  script(faults: readonly ScriptedFault[]): Promise<void>;
  /** The fake provider's, whole. */
  ledger(): Promise<LedgerEntry[]>;
  end(): Promise<void>;
}

export interface StackOptions {
  /** For logs and the database. */
  folder: string;
  /** The `temporal` executable. */
  binary: string;
  mode: RunMode;
  /** Of what becomes of callbacks. */
  seed: number;
}

/** The product as real processes: a Temporal server on a SQLite file, Redis, two workers, the gateway, the fake provider. */
export async function startStack({ folder, binary, mode, seed }: StackOptions): Promise<Stack> {
  let reportDeath: (end: string) => void = () => {};
  const death = new Promise<never>((_, reject) => (reportDeath = (end) => reject(new Error(end))));
  death.catch(() => {}); // Whoever races it will see it.

  const temporal = await startTemporal({ binary, folder, onDeath: reportDeath });
  const redis = await startRedis({ folder, onDeath: reportDeath });
  const shared = { folder, onDeath: reportDeath, mayEnd: temporal.isDisturbed };
  const gatewayPort = await freePort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const relay = await startCallbackRelay({
    gatewayUrl,
    provider: mode === 'lookup' ? LOOKUP_PROVIDER : BUILT_IN_PROVIDER,
    key: CALLBACK_KEY,
    seed,
  });
  const receiver = await startReceiver(DELIVERY_SECRET);
  const environment = {
    PATH: process.env['PATH'],
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
    ...CREDENTIALS,
    EXTERNAL_API_CALLBACK_KEYS: `${CALLBACK_KEY.id}:${CALLBACK_KEY.secret.toString('base64')}`,
    PUBLIC_BASE_URL: relay.url,
    DELIVERY_ALLOW_LOOPBACK: 'true',
    DELIVERY_PORTS: `443,${receiver.forbiddenPort}`,
    ...(mode === 'lookup' && { EXTERNAL_API_PROVIDER: writeLookupProfile(folder) }),
  };

  // Where no key is relied on nobody heeds keys: what is sent twice is executed twice.
  const heedsKeys = mode === 'key' || mode === 'mixed';
  const providerPort = await freePort();
  const providerUrl = `http://127.0.0.1:${providerPort}`;
  const provider = new Service({
    ...shared,
    name: 'fake-provider',
    args: [
      'fake-provider',
      '--port',
      `${providerPort}`,
      '--rate-limit',
      '0',
      '--idempotency',
      heedsKeys ? 'honour' : 'ignore',
    ],
    env: environment,
    readyUrl: `${providerUrl}/_control/health`,
    mayEnd: () => false,
  });

  const workers: Service[] = [];
  for (let n = 1; n <= WORKERS; n++) {
    const port = await freePort();
    workers.push(
      new Service({
        ...shared,
        name: `worker-${n}`,
        args: ['worker'],
        env: {
          ...environment,
          ...WORKER_SETTINGS,
          EXTERNAL_API_BASE_URL: providerUrl,
          EXTERNAL_API_DELIVERIES: 'on',
          DELIVERY_SECRETS: `${DEFAULT_TENANT}:${DELIVERY_SECRET}`,
          REDIS_URL: redis.url,
          // A request may ask for `none` where the worker has `key`.
          EXTERNAL_API_IDEMPOTENCY: heedsKeys ? 'key' : 'none',
          METRICS_PORT: `${port}`,
        },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
      }),
    );
  }

  const gateway = new Service({
    ...shared,
    name: 'gateway',
    args: ['gateway'],
    env: {
      ...environment,
      GATEWAY_PORT: `${gatewayPort}`,
      GATEWAY_SYNC_WAIT: '0',
      EXTERNAL_API_REQUEST_DEADLINE: '86400',
      LOG_LEVEL: 'warn',
    },
    readyUrl: `${gatewayUrl}/readyz`,
  });

  async function control(path: string, init?: RequestInit): Promise<unknown> {
    const response = await fetch(`${providerUrl}/_control/${path}`, init);
    if (!response.ok) throw new Error(`The fake provider refused ${path}: ${await response.text()}`);
    return await response.json();
  }

  const services = [provider, ...workers, gateway];
  await Promise.race([Promise.all(services.map((service) => service.start())), death]);
  return {
    death,
    temporal,
    redis,
    workers,
    gateway,
    gatewayUrl,
    relay,
    receiver,
    async script(faults) {
      const headers = { 'content-type': 'application/json' };
      await control('faults', { method: 'POST', headers, body: JSON.stringify(faults) });
    },
    ledger: async () => ((await control('ledger')) as { entries: LedgerEntry[] }).entries,
    async end() {
      await Promise.race([Promise.all([...services, temporal, redis].map((each) => each.end())), delay(5_000)]);
    },
  };
}
