import { setTimeout as delay } from 'node:timers/promises';
import { emptyTemporalConfig } from '../../scripts/lib/data-folder.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { Service } from './service.mjs';
import { startTemporal } from './temporal.mjs';

const WORKERS = 2;
const CREDENTIALS = {
  EXTERNAL_API_KEY: 'lab-key',
  EXTERNAL_OAUTH_CLIENT_ID: 'lab-client',
  EXTERNAL_OAUTH_CLIENT_SECRET: 'lab-secret',
};

/** How the lab's workers differ from the defaults: more calls before they give up, and less waiting. */
const WORKER_SETTINGS = {
  EXTERNAL_API_TIMEOUT: '10',
  // Load is what the lab is for; the budget has its own tests.
  EXTERNAL_API_RATE_LIMIT: '1000000',
  EXTERNAL_API_CACHE_TTL: '0',
  EXTERNAL_API_MAX_RETRIES: '8',
  EXTERNAL_API_RETRY_DELAY: '0.2',
  EXTERNAL_API_POLL_INITIAL: '0.5',
  EXTERNAL_API_POLL_MAX: '4',
};

/**
 * The product as real processes: a Temporal server on a SQLite file, two workers, the gateway, the fake provider.
 *
 * @param {{ folder: string, binary: string, mode: 'key' | 'none' | 'mixed' }} options
 */
export async function startStack({ folder, binary, mode }) {
  let reportDeath;
  /** Rejects when a process ends that was not ended on purpose. */
  const death = new Promise((_, reject) => (reportDeath = (end) => reject(new Error(end))));
  death.catch(() => {}); // Whoever races it will see it.

  const temporal = await startTemporal({ binary, folder, onDeath: reportDeath });
  const shared = { folder, onDeath: reportDeath, mayEnd: temporal.isDisturbed };
  const environment = {
    PATH: process.env.PATH,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
    ...CREDENTIALS,
  };

  // In mode none nobody heeds keys: what is sent twice is executed twice.
  const idempotency = mode === 'none' ? 'ignore' : 'honour';
  const providerPort = await freePort();
  const providerUrl = `http://127.0.0.1:${providerPort}`;
  const provider = new Service({
    ...shared,
    name: 'fake-provider',
    args: ['fake-provider', '--port', `${providerPort}`, '--rate-limit', '0', '--idempotency', idempotency],
    env: environment,
    readyUrl: `${providerUrl}/_control/health`,
    mayEnd: () => false,
  });

  const workers = [];
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
          // A request may ask for `none` where the worker has `key`.
          EXTERNAL_API_IDEMPOTENCY: mode === 'none' ? 'none' : 'key',
          METRICS_PORT: `${port}`,
        },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
      }),
    );
  }

  const gatewayPort = await freePort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
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

  const services = [provider, ...workers, gateway];
  await Promise.race([Promise.all(services.map((service) => service.start())), death]);
  return {
    death,
    temporal,
    workers,
    gateway,
    gatewayUrl,
    providerUrl,
    /** What the fake provider's control route answers. */
    async control(method, path, body) {
      const response = await fetch(`${providerUrl}/_control/${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      if (!response.ok) throw new Error(`The fake provider refused ${path}: ${await response.text()}`);
      return await response.json();
    },
    async end() {
      await Promise.race([Promise.all([...services, temporal].map((each) => each.end())), delay(5_000)]);
    },
  };
}
