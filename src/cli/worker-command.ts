import { createServer, type AddressInfo } from 'node:net';
import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import { Command } from 'commander';
import { workerVariables } from '../config/required-variables.ts';
import { loadWorkerConfig } from '../config/worker-config.ts';
import { unknownVariables } from '../config/unknown-variables.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { HISTOGRAM_BUCKETS } from '../observability/metrics.ts';
import { temporalLogger } from '../observability/temporal-logger.ts';
import { composeWorker } from '../worker/compose.ts';
import { startHealthServer } from '../worker/health-server.ts';
import { runProcess } from './exit.ts';
import { variablesHelp } from './variables-help.ts';

export function workerCommand(): Command {
  return new Command('worker')
    .description('Run a worker: it does the calls to the provider. SIGTERM drains it.')
    .addHelpText('after', () => variablesHelp(workerVariables()))
    .action(() => runProcess(runWorker));
}

async function runWorker(): Promise<void> {
  const config = loadWorkerConfig();
  const logger = createLogger({ level: config.logLevel, name: 'worker' });
  for (const warning of unknownVariables()) logger.warn(warning);
  const exporter = await installRuntime(logger);
  const worker = composeWorker({ config, logger });
  const health = await startHealthServer({
    host: config.metricsHost,
    port: config.metricsPort,
    whyNotReady: () => worker.whyNotReady(),
    // The SDK's page holds our metrics too.
    metrics: async () => {
      await worker.setGauges();
      return await (await fetch(exporter)).text();
    },
    budget: () => worker.budgetView(),
  });
  await worker.run();
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
