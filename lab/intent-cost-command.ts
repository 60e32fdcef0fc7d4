import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ExternalApiClient } from 'durable-external-api';
import { startBackgroundProcess } from '#scripts/lib/background-process.mjs';
import { ROOT } from '#scripts/lib/paths.mjs';
import { freePort } from '#scripts/lib/ports.mjs';
import { waitUntilReady } from '#scripts/lib/wait-until-ready.mjs';
import { startTemporalServer, type TemporalServer } from '#scripts/temporal-server.mjs';
import { startChild } from '../bench/child.ts';
import { cpuMsOf } from '../bench/cpu.ts';
import { differenceOf, figureOf, type Figure } from '../bench/figures.ts';
import { keepInFlight } from '../bench/in-flight.ts';
import { createNamespace } from '../bench/namespace.ts';
import { tableOf } from '../bench/report.ts';
import { interleave } from '../bench/rounds.ts';
import type { CommandInput, CommandResult } from './command.ts';
import type { IntentWorkerArgs } from './intent-worker.ts';

const LOADS = [
  { inFlight: 1, calls: 40, rounds: 9 },
  { inFlight: 100, calls: 400, rounds: 7 },
];
const QUICK_LOADS = LOADS.map((load) => ({ ...load, rounds: 1 }));

const VARIANTS = ['with', 'without'] as const;

interface Sample {
  p50Ms: number;
  perSecond: number;
  /** CPU of one request. */
  workerMs: number;
  serverMs: number;
}
type FigureOf = (sample: Sample) => number;
type Measure = (load: { inFlight: number; calls: number }) => Promise<Sample>;

/** `npm run chaos -- intent-cost`: synchronous requests with and without the record of the intent, in turn. */
export async function runIntentCost({ options, folder, binary, progress }: CommandInput): Promise<CommandResult> {
  const server = await progress.step('Temporal server on a SQLite file', () =>
    startTemporalServer({ binary, dbFilename: join(folder, 'temporal.db'), logFile: join(folder, 'temporal.log') }),
  );
  const providerUrl = await startProvider(folder);
  const measures = {
    with: await startVariant({ name: 'with', records: true, server, providerUrl, folder }),
    without: await startVariant({ name: 'without', records: false, server, providerUrl, folder }),
  };
  for (const name of VARIANTS) await measures[name]({ inFlight: 20, calls: 60 });

  const rows = [];
  for (const { rounds, ...load } of options.short ? QUICK_LOADS : LOADS) {
    const samples = await progress.step(`${load.inFlight} in flight`, () =>
      interleave(rounds, VARIANTS, (name) => measures[name](load)),
    );
    const row = (kind: string, figure: (of: FigureOf) => Figure) => ({
      inFlight: load.inFlight,
      kind,
      p50Ms: figure(({ p50Ms }) => p50Ms),
      perSecond: figure(({ perSecond }) => perSecond),
      workerMs: figure(({ workerMs }) => workerMs),
      serverMs: figure(({ serverMs }) => serverMs),
    });
    rows.push(
      row('intent recorded', (of) => figureOf(samples.with.map(of))),
      row('not recorded', (of) => figureOf(samples.without.map(of))),
      row('added, by round', (of) => differenceOf(samples.with, samples.without, of)),
    );
  }
  const text = tableOf({
    title: 'One synchronous request: what recording the intent adds (median of the rounds, and their range)',
    columns: {
      inFlight: 'in flight',
      kind: '',
      p50Ms: 'p50 ms',
      perSecond: 'requests/s',
      workerMs: 'worker CPU ms',
      serverMs: 'server CPU ms',
    },
    rows,
  });
  return { text, passed: true, data: { rows } };
}

async function startProvider(folder: string): Promise<string> {
  const port = await freePort();
  const args = [join(ROOT, 'dist/cli/main.js'), 'fake-provider', '--port', `${port}`, '--rate-limit', '0'];
  const logFile = join(folder, 'fake-provider.log');
  startBackgroundProcess({ name: 'fake provider', command: process.execPath, args, logFile, cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(`${url}/_control/health`);
  return url;
}

interface Variant {
  name: string;
  records: boolean;
  server: TemporalServer;
  providerUrl: string;
  folder: string;
}

/** A worker in a namespace of its own, and a service that waits for the results of its requests. */
async function startVariant({ name, records, server, providerUrl, folder }: Variant): Promise<Measure> {
  const temporal = await createNamespace(server.address, `intent-${name}`);
  const client = new ExternalApiClient(temporal.client);
  const args: IntentWorkerArgs = {
    temporalAddress: server.address,
    namespace: temporal.namespace,
    providerUrl,
    idempotency: 'none',
    records,
  };
  const module = new URL('intent-worker.js', import.meta.url).href;
  const worker = await startChild({ module, args, logFile: join(folder, `worker-${name}.log`) });
  return async ({ inFlight, calls }) => {
    const batch = randomUUID();
    const before = { worker: cpuMsOf(worker.pid), server: cpuMsOf(server.pid) };
    const { p50Ms, perSecond } = await keepInFlight({ inFlight, calls }, async (n) => {
      await (await client.process({ data: { batch, n } })).result();
    });
    return {
      p50Ms,
      perSecond,
      workerMs: (cpuMsOf(worker.pid) - before.worker) / calls,
      serverMs: (cpuMsOf(server.pid) - before.server) / calls,
    };
  };
}
