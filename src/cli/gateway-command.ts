import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import type { FastifyInstance } from 'fastify';
import { budgetFrom } from '../client/budget-source.ts';
import { ExternalApiClient } from '../client/external-api-client.ts';
import { keysOfFile } from '../config/api-keys.ts';
import { type GatewayConfig, loadGatewayConfig } from '../config/gateway-config.ts';
import { buildGateway } from '../gateway/build-gateway.ts';
import { unknownVariables } from '../config/unknown-variables.ts';
import { gatewayVariables } from '../config/required-variables.ts';
import { tellOfKeys } from './tell-of-keys.ts';
import { createLogger } from '../observability/logger.ts';
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
    syncWaitMs,
    callbacks,
    suspicions,
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
  const app = buildGateway({ client, apiKeys, tokens, syncWaitMs, callbacks, suspicions, logger });
  app.addHook('onClose', () => client.close());
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

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken. Stop what listens there, or set GATEWAY_PORT',
  EACCES: 'this user may not listen on that port. Set GATEWAY_PORT above 1023',
  EADDRNOTAVAIL: 'it is no address of this machine. Set GATEWAY_HOST',
  ENOTFOUND: 'there is no such host. Set GATEWAY_HOST',
};

async function listen(app: FastifyInstance, { host, port, portFrom }: GatewayConfig): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = LISTEN_ERRORS[code];
    throw reason === undefined
      ? error
      : new Error(`Cannot listen on ${host}:${port} (the port is ${portFrom}): ${reason}.`);
  }
}
