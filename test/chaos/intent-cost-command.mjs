import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ExternalApiClient } from 'durable-external-api';
import { startBackgroundProcess } from '../../scripts/lib/background-process.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { freePort } from '../../scripts/lib/ports.mjs';
import { waitUntilReady } from '../../scripts/lib/wait-until-ready.mjs';
import { startTemporalServer } from '../../scripts/temporal-server.mjs';
import { startChild } from '../performance/bench/child.mjs';
import { cpuMsOf } from '../performance/bench/cpu.mjs';
import { figureOf } from '../performance/bench/figures.mjs';
import { keepInFlight } from '../performance/bench/in-flight.mjs';
import { tableOf } from '../performance/bench/report.mjs';
import { interleave } from '../performance/bench/rounds.mjs';
import { createNamespace } from './namespace.mjs';

const LOADS = [
  { inFlight: 1, calls: 40, rounds: 9 },
  { inFlight: 100, calls: 400, rounds: 7 },
];
const QUICK_LOADS = LOADS.map((load) => ({ ...load, rounds: 1 }));

/** `npm run chaos -- intent-cost`: synchronous requests with and without the record of the intent, in turn. */
export async function run({ options: { short }, folder, binary, progress }) {
  const server = await progress.step('Temporal server on a SQLite file', () =>
    startTemporalServer({ binary, dbFilename: join(folder, 'temporal.db'), logFile: join(folder, 'temporal.log') }),
  );
  const providerUrl = await startProvider(folder);
  const variants = {
    with: await startVariant({ name: 'with', records: true, server, providerUrl, folder }),
    without: await startVariant({ name: 'without', records: false, server, providerUrl, folder }),
  };
  const names = Object.keys(variants);
  for (const name of names) await variants[name].measure({ inFlight: 20, calls: 60 });

  const rows = [];
  for (const { rounds, ...load } of short ? QUICK_LOADS : LOADS) {
    const samples = await progress.step(`${load.inFlight} in flight`, () =>
      interleave(rounds, names, (name) => variants[name].measure(load)),
    );
    const row = (name) => Object.fromEntries(FIGURES.map((key) => [key, figureOf(samples[name].map((s) => s[key]))]));
    const added = FIGURES.map((key) => [
      key,
      figureOf(samples.with.map((sample, round) => sample[key] - samples.without[round][key])),
    ]);
    rows.push(
      { inFlight: load.inFlight, kind: 'intent recorded', ...row('with') },
      { inFlight: load.inFlight, kind: 'not recorded', ...row('without') },
      { inFlight: load.inFlight, kind: 'added, by round', ...Object.fromEntries(added) },
    );
  }
  const text = tableOf({
    title:
      'One synchronous request: what recording the intent and the outcome adds (median of the rounds, and their range)',
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

const FIGURES = ['p50Ms', 'perSecond', 'workerMs', 'serverMs'];

async function startProvider(folder) {
  const port = await freePort();
  const args = [join(ROOT, 'dist/cli/main.js'), 'fake-provider', '--port', `${port}`, '--rate-limit', '0'];
  const logFile = join(folder, 'fake-provider.log');
  startBackgroundProcess({ name: 'fake provider', command: process.execPath, args, logFile, cwd: ROOT });
  const url = `http://127.0.0.1:${port}`;
  await waitUntilReady(`${url}/_control/health`);
  return url;
}

/** A worker in a namespace of its own, and a service that waits for the results of its requests. */
async function startVariant({ name, records, server, providerUrl, folder }) {
  const temporal = await createNamespace(server.address, `intent-${name}`);
  const client = new ExternalApiClient(temporal.client);
  const args = {
    temporalAddress: server.address,
    namespace: temporal.namespace,
    providerUrl,
    idempotency: 'none',
    records,
  };
  const module = new URL('intent-worker.mjs', import.meta.url).href;
  const worker = await startChild({ module, args, logFile: join(folder, `worker-${name}.log`) });
  return {
    async measure({ inFlight, calls }) {
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
    },
  };
}
