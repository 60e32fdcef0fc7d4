import { createServer, type AddressInfo } from 'node:net';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import { loadDeliveryConfig } from '../config/delivery-config.ts';
import { deliveryVariables, workerVariables } from '../config/required-variables.ts';
import { loadWorkerConfig, type WorkerConfig } from '../config/worker-config.ts';
import { unknownVariables } from '../config/unknown-variables.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { HISTOGRAM_BUCKETS } from '../observability/metrics.ts';
import { temporalLogger } from '../observability/temporal-logger.ts';
import { composeWorker } from '../worker/compose.ts';
import { composeDeliveries } from '../worker/compose-deliveries.ts';
import { startHealthServer, type HealthServerOptions } from '../worker/health-server.ts';
import { runProcess } from './exit.ts';
import { variablesHelp } from './variables-help.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description('Run a worker: it does the calls to the provider. SIGTERM drains it.')
    .option('--deliveries', 'deliver ends to callers, and nothing else: this takes no credentials of a provider')
    .addHelpText('after', ({ command }) => {
      const { deliveries } = command.opts<Options>();
      return variablesHelp(deliveries ? deliveryVariables() : workerVariables());
    })
    .action(({ deliveries = false }: Options) => runProcess(deliveries ? runDeliveries : runWorker));
}

interface Options {
  deliveries?: boolean;
}

async function runWorker(): Promise<void> {
  const config = loadWorkerConfig();
  await run(config, (logger) => {
    const worker = composeWorker({ config, logger });
    return {
      start: () => worker.run(),
      whyNotReady: () => worker.whyNotReady(),
      setGauges: () => worker.setGauges(),
      budget: () => worker.budgetView(),
    };
  });
}

async function runDeliveries(): Promise<void> {
  const config = loadDeliveryConfig();
  await run(config, (logger) => composeDeliveries(config, logger));
}

interface Runnable extends Pick<HealthServerOptions, 'whyNotReady' | 'budget'> {
  start(): Promise<void>;
  setGauges?(): Promise<void>;
}

async function run(
  config: Pick<WorkerConfig, 'logLevel' | 'metricsHost' | 'metricsPort'>,
  compose: (logger: Logger) => Runnable,
): Promise<void> {
  const logger = createLogger({ level: config.logLevel, name: 'worker' });
  for (const warning of unknownVariables()) logger.warn(warning);
  const exporter = await installRuntime(logger);
  const { start, setGauges, ...pages } = compose(logger);
  const health = await startHealthServer({
    host: config.metricsHost,
    port: config.metricsPort,
    ...pages,
    // The SDK's page holds our metrics too.
    metrics: async () => {
      await setGauges?.();
      return await (await fetch(exporter)).text();
    },
  });
  await start();
  await health.close();
  // An attempt to connect that nobody answers would keep the process alive.
  process.exit();
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
