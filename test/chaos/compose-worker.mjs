import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import {
  createActivities,
  createCallBudget,
  createMemoryJobTimes,
  createProviderClient,
  createWorkers,
} from 'durable-external-api/worker';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';

/**
 * A worker put together as `external-api worker` does it, with something between its parts. Only here: the product has no
 * switch for that.
 *
 * @param {object} options
 * @param {{ temporalAddress: string, namespace: string, providerUrl: string, idempotency: 'key' | 'none' }} options.args
 * @param {(provider: object) => object} [options.aroundProvider]
 * @param {(activities: object) => object} [options.aroundActivities]
 */
export async function composeWorkers({ args, aroundProvider = same, aroundActivities = same }) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const budget = createCallBudget({ limit: 1_000_000, outageAfter: 0 });
  const provider = createProviderClient({
    baseUrl: new URL(args.providerUrl),
    apiKey: 'demo-api-key',
    oauth: { clientId: 'demo-client', clientSecret: 'demo-secret', clientAuth: 'body' },
    timeoutMs: 10_000,
    connectTimeoutMs: 5_000,
    maxConnections: 64,
    budget,
    observer: { called: () => {}, tokenRefreshed: () => {} },
  });
  const activities = createActivities({
    provider: aroundProvider(provider),
    policy: {
      maxRetries: 8,
      retryDelayMs: 200,
      pollInitialMs: 100,
      pollMaxMs: 1_000,
      idempotency: args.idempotency,
      cancelCall: false,
    },
    observer: { unknownStatus: () => {}, finishedSeen: () => {} },
    jobTimes: createMemoryJobTimes(),
    random: Math.random,
    now: Date.now,
  });
  return await createWorkers({
    connection: await NativeConnection.connect({ address: args.temporalAddress }),
    namespace: args.namespace,
    activities: aroundActivities(activities),
    budget,
    workflowBundle: { codePath: join(ROOT, 'dist', 'workflow-bundle.js') },
  });
}

const same = (part) => part;
