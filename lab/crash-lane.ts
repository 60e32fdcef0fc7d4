import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ExternalApiClient, type RequestStatus } from 'durable-external-api';
import { type FakeProvider, processedDataOf, startFakeProvider } from 'durable-external-api/testing';
import { emptyTemporalConfig } from '#scripts/lib/data-folder.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import { createNamespace } from '../bench/namespace.ts';
import { check } from './checker.ts';
import { collectHistories } from './collect-histories.ts';
import type { WorkerArgs } from './compose-worker.ts';
import { type CrashMode, type CrashPoint, nameOf, type Outcome, outcomeOf, pointsOf } from './crash-points.ts';
import { type CrashWorker, startCrashWorker } from './crash-process.ts';
import type { AcceptedRequest } from './evidence.ts';
import { decideAll } from './person.ts';
import { Service } from './service.ts';
import { untilAnswered } from './until-answered.ts';
import type { Verdict } from './verdict.ts';

/** Workers that are loaded while the victims before them recover: more at once take longer than that. */
const BATCH = 10;
const AT_REST_WITHIN_MS = 120_000;
const AT_REST: readonly RequestStatus[] = ['outcome_unknown', 'completed', 'failed', 'cancelled', 'timed_out'];

interface CrashedRequest extends AcceptedRequest {
  mode: CrashMode;
  point: CrashPoint;
}

/** A crash, and what came of its request. */
export interface Crash extends CrashedRequest {
  outcome: { status: RequestStatus; submits: number; effects: number };
  expected: Outcome;
}

export interface LaneOptions {
  mode: CrashMode;
  /** At each point. */
  times: number;
  temporalAddress: string;
  /** For logs. */
  folder: string;
  onDeath: (end: string) => void;
  /** Told of each victim at rest. */
  onCrash: (crash: Crash) => void;
}

/**
 * One mode's crashes, in a namespace of its own. A batch of workers dies, each on its own victim; then one that stays
 * takes all victims up, while the next batch is loaded.
 */
export async function runLane(options: LaneOptions): Promise<Verdict> {
  const { mode, times, temporalAddress, folder, onDeath, onCrash } = options;
  const fake = await startFakeProvider({
    settings: { rateLimit: 0, jobDurationMs: 300, idempotency: mode === 'none' ? 'ignore' : 'honour' },
  });
  const temporal = await createNamespace(temporalAddress, `crashes-${mode}`);
  const client = new ExternalApiClient(temporal.client);
  const args: WorkerArgs = {
    temporalAddress,
    namespace: temporal.namespace,
    providerUrl: fake.url,
    idempotency: mode,
  };
  const healer = await createHealer({ args, folder, onDeath });

  const points = Array.from({ length: times }, () => pointsOf(mode)).flat();
  const victims: CrashedRequest[] = [];
  let loaded = 0;
  const load = (n: number): Promise<CrashWorker>[] =>
    Array.from({ length: n }, () =>
      startCrashWorker({ args, logFile: join(folder, `crash-worker-${mode}-${++loaded}.log`) }),
    );

  async function crash(point: CrashPoint, worker: Promise<CrashWorker>): Promise<CrashedRequest> {
    const n = victims.length;
    const round = Math.floor(n / pointsOf(mode).length);
    const data = { victim: `${mode}-${n}`, point: nameOf(point) };
    // Each point meets requests that are answered at once and, in the next round, such that are polled.
    const input = { data, options: { async: point.step === 'poll' || (n + round) % 2 === 0 } };
    const start = () => client.process(input, { idempotencyKey: `victim-${mode}-${n}` });
    const { requestId } = await untilAnswered(start);
    if (point.fault) fake.script({ endpoint: '/process', match: { idempotencyKey: requestId }, fault: point.fault });
    await (await worker).crash({ requestId, point: nameOf(point) });
    return { requestId, mode, fate: 'plain', sha256: processedDataOf(data).sha256, callback: null, point };
  }

  let workers = load(Math.min(BATCH, points.length));
  while (victims.length < points.length) {
    const batch: CrashedRequest[] = [];
    for (const worker of workers) {
      const point = points[victims.length];
      if (point === undefined) break;
      const victim = await crash(point, worker);
      victims.push(victim);
      batch.push(victim);
    }
    workers = load(Math.min(BATCH, points.length - victims.length));
    await healer.start();
    for (const victim of batch) onCrash(await recovered({ client, fake, victim }));
    if (workers.length > 0) await healer.end();
  }

  await decide({ client, fake, victims });
  await healer.end();
  const { histories } = await collectHistories(
    temporal.client,
    victims.map(({ requestId }) => requestId),
  );
  await temporal.close();
  await fake.close();
  return check({
    ledger: fake.ledger,
    accepted: victims,
    starts: [],
    histories,
    readings: [],
    callbacks: [],
    deliveries: { received: [], forbidden: { connections: 0, tried: 0 }, disturbedAt: [] },
    budget: null,
  });
}

interface HealerOptions {
  args: WorkerArgs;
  folder: string;
  onDeath: (end: string) => void;
}

/** A worker of the product. */
async function createHealer({ args, folder, onDeath }: HealerOptions): Promise<Service> {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  const env = {
    PATH: process.env['PATH'],
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

interface Recovering {
  client: ExternalApiClient;
  fake: FakeProvider;
  victim: CrashedRequest;
}

async function recovered({ client, fake, victim }: Recovering): Promise<Crash> {
  const status = await atRest(client, victim);
  const submits = fake.ledger.filter(
    (entry) => entry.endpoint === '/process' && entry.idempotencyKey === victim.requestId,
  );
  const outcome = { status, submits: submits.length, effects: submits.filter(({ executed }) => executed).length };
  return { ...victim, outcome, expected: outcomeOf(victim.point, victim.mode) };
}

async function atRest(client: ExternalApiClient, { requestId }: CrashedRequest): Promise<RequestStatus> {
  for (const deadline = Date.now() + AT_REST_WITHIN_MS; ; await delay(300)) {
    const { status } = await client.status(requestId);
    if (AT_REST.includes(status) || Date.now() > deadline) return status;
  }
}

interface Deciding {
  client: ExternalApiClient;
  fake: FakeProvider;
  victims: readonly CrashedRequest[];
}

async function decide({ client, fake, victims }: Deciding): Promise<void> {
  const { adopted, resubmitted } = await decideAll({ client, ledger: fake.ledger });
  if (adopted + resubmitted === 0) return;
  const deadline = Date.now() + AT_REST_WITHIN_MS;
  for (const victim of victims) {
    while ((await atRest(client, victim)) === 'outcome_unknown' && Date.now() < deadline) await delay(300);
  }
}
