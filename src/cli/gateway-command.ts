import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { AddressInfo } from 'node:net';
import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { budgetFrom } from '../client/budget-source.ts';
import { ExternalApiClient } from '../client/external-api-client.ts';
import { keysOfFile } from '../config/api-keys.ts';
import { type GatewayConfig, loadGatewayConfig } from '../config/gateway-config.ts';
import { buildGateway } from '../gateway/build-gateway.ts';
import type { CountCall } from '../gateway/limits/limit-calls.ts';
import { COUNT_SCRIPTS, SharedCounts } from '../gateway/limits/shared-counts.ts';
import { metricsServer } from '../gateway/metrics-server.ts';
import { unknownVariables } from '../config/unknown-variables.ts';
import { gatewayVariables } from '../config/required-variables.ts';
import { tellOfKeys } from './tell-of-keys.ts';
import { createLogger } from '../observability/logger.ts';
import { connectRedis } from '../redis/connect-redis.ts';
import { runProcess } from './exit.ts';
import { variablesHelp } from './variables-help.ts';

const DRAIN_MS = 10_000;

export function gatewayCommand(): Command {
  return new Command('gateway')
    .description('Run the HTTP gateway: requests and their status over HTTP. SIGTERM drains it.')
    .addHelpText('after', () => variablesHelp(gatewayVariables()))
    .action(() => runProcess(runGateway));
}

async function runGateway(): Promise<void> {
  const config = loadGatewayConfig();
  const logger = createLogger({ level: config.logLevel, name: 'gateway' });
  for (const warning of unknownVariables()) logger.warn(warning);
  const {
    temporal,
    provider,
    requestDeadlineMs,
    unknownHoldMs,
    workerUrl,
    apiKeys: keys,
    apiKeysFile: file,
    tokens,
    trustedProxies,
    syncWaitMs,
    callbacks,
    suspicions,
    limits,
    bodyLimit,
  } = config;
  const client = ExternalApiClient.connect({
    temporal,
    provider,
    defaultDeadline: requestDeadlineMs,
    defaultUnknownHold: unknownHoldMs,
    deliveryTargets: config.targets,
    budget: budgetFrom(workerUrl),
  });
  const apiKeys = keys === null || file === null ? keys : keysOfFile(file, keys, tellOfKeys(file, logger));
  const shared = config.redis === null ? null : await sharedCounts({ ...config, redis: config.redis }, logger);
  const app = buildGateway({
    client,
    apiKeys,
    tokens,
    trustedProxies,
    syncWaitMs,
    callbacks,
    suspicions,
    limits,
    bodyLimit,
    logger,
    ...(shared !== null && { countCall: shared.countCall }),
  });
  app.addHook('onClose', async () => {
    shared?.close();
    await client.close();
  });
  if (apiKeys === null && tokens === null) {
    logger.warn(
      { event: 'gateway_without_keys' },
      'No GATEWAY_API_KEYS: everybody on this machine may use the gateway, as the tenant "default"',
    );
  }
  await listen(app, config);
  closeWithGrace({ delay: DRAIN_MS, logger }, async ({ err, signal }) => {
    if (err) logger.fatal({ event: 'gateway_crashed', err }, 'An unexpected error: the gateway stops');
    else logger.info({ event: 'gateway_draining', signal }, 'The gateway drains');
    await app.close();
  });
}

/** So long a start waits for Redis: what came before it is there would be counted apart. */
const CONNECT_MS = 500;

async function sharedCounts(
  { redis, temporal }: Pick<GatewayConfig, 'temporal'> & { redis: NonNullable<GatewayConfig['redis']> },
  logger: FastifyBaseLogger,
): Promise<{ countCall: CountCall; close: () => void }> {
  const { url, ca, sentinels } = redis;
  const tell = (error: Error): void => logger.debug({ event: 'external_api_redis_error', reason: error.message });
  const connection = connectRedis(url, tell, { ca, sentinels, scripts: COUNT_SCRIPTS });
  await Promise.race([once(connection, 'ready'), delay(CONNECT_MS)]).catch(() => {});
  const counts = new SharedCounts(connection, temporal.namespace, logger);
  return { countCall: (tenant, now) => counts.count(tenant, now), close: () => connection.destroy() };
}

/** By the code of the error, for variables that begin so. */
const LISTEN_ERRORS: Readonly<Record<string, (prefix: string) => string>> = {
  EADDRINUSE: (prefix) => `the port is taken. Stop what listens there, or set ${prefix}_PORT`,
  EACCES: (prefix) => `this user may not listen on that port. Set ${prefix}_PORT above 1023`,
  EADDRNOTAVAIL: (prefix) => `it is no address of this machine. Set ${prefix}_HOST`,
  ENOTFOUND: (prefix) => `there is no such host. Set ${prefix}_HOST`,
};

/** The metrics first: callers are not let in and then left. */
async function listen(app: FastifyInstance, { host, port, portFrom, metrics }: GatewayConfig): Promise<void> {
  try {
    if (metrics !== null) {
      await orSay('GATEWAY_METRICS', { ...metrics, from: 'from GATEWAY_METRICS_PORT' }, () =>
        serveMetrics(app, metrics),
      );
    }
    await orSay('GATEWAY', { host, port, from: portFrom }, () => app.listen({ host, port }));
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function serveMetrics(app: FastifyInstance, address: { host: string; port: number }): Promise<void> {
  const server = metricsServer(app.metrics);
  app.addHook('onClose', async () => {
    server.close();
    server.closeAllConnections();
  });
  await once(server.listen(address), 'listening');
  app.log.info(`Metrics are at http://${address.host}:${(server.address() as AddressInfo).port}/metrics`);
}

/** @throws Error that says what to do where it cannot listen there */
async function orSay(
  prefix: string,
  { host, port, from }: { host: string; port: number; from: string },
  start: () => Promise<unknown>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = LISTEN_ERRORS[code]?.(prefix);
    throw reason === undefined
      ? error
      : new Error(`Cannot listen on ${host}:${port} (the port is ${from}): ${reason}.`);
  }
}
