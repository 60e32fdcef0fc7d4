import { DefaultLogger, Runtime } from '@temporalio/worker';
import { composeWorker, loadProfile, type FleetWorker, type FleetWorkerOptions } from 'durable-external-api/worker';
import type { Mode } from './evidence.ts';

/** Plain data, so that it can be given to another process. */
export interface WorkerArgs {
  temporalAddress: string;
  namespace: string;
  providerUrl: string;
  idempotency: Exclude<Mode, 'lookup'>;
}

type Around = Pick<FleetWorkerOptions, 'aroundDeps' | 'aroundActivities'>;

/** A worker as `external-api worker` composes it, with something between its parts. */
export function composeLabWorker(args: WorkerArgs, around: Around = {}): FleetWorker {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  return composeWorker({
    config: {
      provider: {
        profile: loadProfile('data-processing-v2.1'),
        baseUrl: new URL(args.providerUrl),
        credentials: { apiKey: 'demo-api-key', clientId: 'demo-client', clientSecret: 'demo-secret' },
        timeoutMs: 10_000,
        connectTimeoutMs: 5_000,
        maxConnections: 64,
      },
      budget: { limit: 1_000_000, windowMs: 60_000, outageAfter: 0, probeMs: 5_000, rateHeaders: true },
      calls: {
        maxRetries: 8,
        retryDelayMs: 200,
        pollInitialMs: 100,
        pollMaxMs: 1_000,
        idempotency: args.idempotency,
        cancelCall: false,
      },
      answers: { cacheTtlMs: 0, fallback: 'none', fallbackMaxAgeMs: 0 },
      redis: null,
      tokenKey: null,
      temporal: { connectionOptions: { address: args.temporalAddress }, namespace: args.namespace },
      logLevel: 'silent',
    },
    ...around,
  });
}
