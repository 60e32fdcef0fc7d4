import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExternalApiClient } from 'durable-external-api';
import { processedDataOf, startFakeProvider } from 'durable-external-api/testing';
import { emptyTemporalConfig } from '../../scripts/lib/data-folder.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { check } from './checker.mjs';
import { startCrashWorker } from './crash-process.mjs';
import { nameOf, outcomeOf, pointsOf } from './crash-points.mjs';
import { collectHistories } from './evidence.mjs';
import { createNamespace } from './namespace.mjs';
import { decideAll } from './person.mjs';
import { Service } from './service.mjs';

/** Workers that are loaded while the victims before them recover: more at once take longer than that. */
const BATCH = 10;
const AT_REST_WITHIN_MS = 120_000;
const AT_REST = ['outcome_unknown', 'completed', 'failed', 'cancelled', 'timed_out'];

/**
 * One mode's crashes, in a namespace of its own. A batch of workers dies, each on its own victim; then one that stays
 * takes all victims up, while the next batch is loaded.
 *
 * @param {object} options
 * @param {'key' | 'none'} options.mode
 * @param {number} options.times at each point
 * @param {(crash: object) => void} options.onCrash told of each victim at rest
 */
export async function runLane({ mode, times, temporalAddress, folder, onDeath, onCrash }) {
  const fake = await startFakeProvider({
    settings: { rateLimit: 0, jobDurationMs: 300, idempotency: mode === 'none' ? 'ignore' : 'honour' },
  });
  const temporal = await createNamespace(temporalAddress, `crashes-${mode}`);
  const client = new ExternalApiClient(temporal.client);
  const args = { temporalAddress, namespace: temporal.namespace, providerUrl: fake.url, idempotency: mode };
  const healer = await createHealer({ args, folder, onDeath });
  const submitsOf = (requestId) =>
    fake.ledger.filter((entry) => entry.endpoint === '/process' && entry.idempotencyKey === requestId);

  const points = Array.from({ length: times }, () => pointsOf(mode)).flat();
  const victims = [];
  let loaded = 0;
  const load = (n) =>
    Array.from({ length: n }, () =>
      startCrashWorker({ args, logFile: join(folder, `crash-worker-${mode}-${++loaded}.log`) }),
    );

  async function crash(point, worker) {
    const n = victims.length;
    const round = Math.floor(n / pointsOf(mode).length);
    const data = { victim: `${mode}-${n}`, point: nameOf(point) };
    // Each point meets requests that are answered at once and, in the next round, such that are polled.
    const input = { data, options: { async: point.step === 'poll' || (n + round) % 2 === 0 } };
    const { requestId } = await client.process(input, { idempotencyKey: `victim-${mode}-${n}` });
    victims.push({ requestId, mode, sha256: processedDataOf(data).sha256, point });
    if (point.fault) fake.script({ endpoint: '/process', match: { idempotencyKey: requestId }, fault: point.fault });
    await (await worker).crash({ requestId, point: nameOf(point) });
  }

  async function atRest({ requestId }) {
    for (const deadline = Date.now() + AT_REST_WITHIN_MS; ; await delay(300)) {
      const { status } = await client.status(requestId);
      if (AT_REST.includes(status) || Date.now() > deadline) return status;
    }
  }

  async function recover(batch) {
    for (const victim of batch) {
      const status = await atRest(victim);
      const submits = submitsOf(victim.requestId);
      const outcome = { status, submits: submits.length, effects: submits.filter(({ executed }) => executed).length };
      onCrash({ ...victim, outcome, expected: outcomeOf(victim.point, mode) });
    }
  }

  let workers = load(Math.min(BATCH, points.length));
  while (victims.length < points.length) {
    const from = victims.length;
    for (const worker of workers) await crash(points[victims.length], worker);
    workers = load(Math.min(BATCH, points.length - victims.length));
    await healer.start();
    await recover(victims.slice(from));
    if (workers.length > 0) await healer.end();
  }

  await decide({ client, fake, victims, atRest });
  await healer.end();
  const { histories } = await collectHistories(
    temporal.client,
    victims.map(({ requestId }) => requestId),
  );
  await temporal.close();
  await fake.close();
  return check({ ledger: fake.ledger, accepted: victims, starts: [], histories, readings: [] });
}

/** A worker of the product. */
async function createHealer({ args, folder, onDeath }) {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  const env = {
    PATH: process.env.PATH,
    TEMPORAL_ADDRESS: args.temporalAddress,
    TEMPORAL_NAMESPACE: args.namespace,
    TEMPORAL_CONFIG_FILE: emptyTemporalConfig(folder),
    EXTERNAL_API_BASE_URL: args.providerUrl,
    EXTERNAL_API_KEY: 'demo-api-key',
    EXTERNAL_OAUTH_CLIENT_ID: 'demo-client',
    EXTERNAL_OAUTH_CLIENT_SECRET: 'demo-secret',
    EXTERNAL_API_IDEMPOTENCY: args.idempotency,
    EXTERNAL_API_POLL_INITIAL: '0.1',
    EXTERNAL_API_CACHE_TTL: '0',
    METRICS_PORT: `${port}`,
    LOG_LEVEL: 'warn',
  };
  return new Service({ name: `healer-${args.idempotency}`, args: ['worker'], env, folder, readyUrl, onDeath });
}

async function decide({ client, fake, victims, atRest }) {
  const { adopted, resubmitted } = await decideAll({ client, ledger: fake.ledger });
  if (adopted + resubmitted === 0) return;
  const deadline = Date.now() + AT_REST_WITHIN_MS;
  for (const victim of victims) {
    while ((await atRest(victim)) === 'outcome_unknown' && Date.now() < deadline) await delay(300);
  }
}
