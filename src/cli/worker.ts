import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { makeTelemetryFilterString, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { Command } from 'commander';
import { createActivities } from '../activities/index.ts';
import { TemporalUnavailableError } from '../client/errors.ts';
import { loadWorkerConfig, type WorkerConfig } from '../config/worker-config.ts';
import type { BudgetView } from '../contract/budget-view.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { createBudgetMetrics } from '../observability/budget-metrics.ts';
import { budgetView } from '../observability/budget-view.ts';
import { createMetrics, HISTOGRAM_BUCKETS, type Metrics } from '../observability/metrics.ts';
import { observeFleet } from '../observability/fleet-events.ts';
import { observeProvider } from '../observability/provider-events.ts';
import { temporalLogger } from '../observability/temporal-logger.ts';
import type { CallBudget } from '../provider/call-budget/call-budget.ts';
import { createProviderClient, type ProviderClient } from '../provider/provider-client.ts';
import { createWorkers } from '../worker/create-workers.ts';
import { startHealthServer } from '../worker/health-server.ts';
import { runProcess } from './exit.ts';
import { openFleetState } from './fleet-state.ts';

const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

export function workerCommand(): Command {
  return new Command('worker')
    .description('Run a worker: it does the calls to the provider. SIGTERM drains it.')
    .action(() => runProcess(runWorker));
}

async function runWorker(): Promise<void> {
  const config = loadWorkerConfig();
  if (!existsSync(BUNDLE)) throw new Error('The workflow bundle is missing. Run `npm run build` first.');
  const logger = createLogger({ level: config.logLevel, name: 'worker' });
  const exporter = await installRuntime(logger);
  const metrics = createMetrics(Runtime.instance().metricMeter);
  const budgetMetrics = createBudgetMetrics(Runtime.instance().metricMeter);
  const observer = observeProvider(logger, metrics);
  const fleet = openFleetState(config, observeFleet(logger, metrics));
  const { budget, sharedTokens } = fleet;
  const provider = createProviderClient({ ...config.provider, budget, sharedTokens, observer });
  const policy = config.calls;
  const activities = createActivities({
    provider,
    policy,
    observer,
    jobTimes: fleet.jobTimes,
    answers: fleet.answers,
    fallback: config.answers.fallback,
    random: Math.random,
    now: Date.now,
  });
  const { namespace } = config.temporal;

  let workers: Worker[] = [];
  const health = await startHealthServer({
    host: config.metricsHost,
    port: config.metricsPort,
    isReady: () => workers.length > 0 && workers.every((worker) => worker.getState() === 'RUNNING'),
    metrics: async () => {
      budgetMetrics.set(await viewOf(budget));
      return await metricsPage(exporter, metrics, provider);
    },
    budget: () => viewOf(budget),
  });
  const connection = await connect(config);
  workers = await createWorkers({ connection, namespace, activities, budget, workflowBundle: { codePath: BUNDLE } });
  // The SDK's Runtime turns SIGTERM and SIGINT into a shutdown of every Worker; `run` then returns when they are drained.
  await Promise.all(workers.map((worker) => worker.run()));
  await health.close();
  await provider.close();
  await fleet.close();
  await connection.close();
}

async function viewOf(budget: CallBudget): Promise<BudgetView> {
  const state = await budget.state();
  return budgetView(state, budget.waiting, Date.now());
}

/** Installs the SDK's Runtime with our logger. Returns where it exports its metrics, which are ours too. */
async function installRuntime(logger: Logger): Promise<string> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  Runtime.install({
    logger: temporalLogger(logger),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      metrics: {
        prometheus: {
          bindAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
          histogramBucketOverrides: HISTOGRAM_BUCKETS,
        },
      },
    },
  });
  return `http://${bindAddress}/metrics`;
}

/** The SDK's page, which holds our metrics too, with the pool as it is now. */
async function metricsPage(exporter: string, metrics: Metrics, provider: ProviderClient): Promise<string> {
  const { open, inUse, waiting } = provider.pool;
  metrics.connections.set(open, { state: 'open' });
  metrics.connections.set(inUse, { state: 'in_use' });
  metrics.connections.set(waiting, { state: 'waiting' });
  return await (await fetch(exporter)).text();
}

async function connect(config: WorkerConfig): Promise<NativeConnection> {
  const { connectionOptions } = config.temporal;
  try {
    return await NativeConnection.connect(connectionOptions);
  } catch (cause) {
    const address = connectionOptions.address ?? 'localhost:7233';
    const message = `The Temporal server at ${address} does not answer. Check TEMPORAL_ADDRESS and that it is up.`;
    throw new TemporalUnavailableError(message, { cause });
  }
}

/** The SDK's exporter cannot say which port it chose, so it is told one. */
async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
