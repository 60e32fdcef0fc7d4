import type { WorkflowHandle } from '@temporalio/client';
import './quiet-runtime.ts';
import { inject } from 'vitest';
import type { ActivityDeps, CallPolicy } from '../../src/activities/deps.ts';
import type { CallbackConfig } from '../../src/callbacks/callback-links.ts';
import type { CallBudget } from '../../src/call-budget/call-budget.ts';
import { ExternalApiClient } from '../../src/client/index.ts';
import type { DeliveryConfig } from '../../src/config/delivery-config.ts';
import type { RedisConfig } from '../../src/config/redis-config.ts';
import type { BudgetConfig } from '../../src/config/worker-config.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import type { Endpoint } from '../../src/fake-provider/endpoint.ts';
import { startFakeProvider, type FakeProvider, type FakeProviderOptions } from '../../src/fake-provider/index.ts';
import type { JobTimes } from '../../src/polling/job-times.ts';
import type { FinishedSeen } from '../../src/polling/poll-job.ts';
import type { CallRecord } from '../../src/provider/observer.ts';
import type { ProviderClientOptions } from '../../src/provider/provider-client.ts';
import { composeWorker, type FleetWorker } from '../../src/worker/compose.ts';
import { BUILT_IN } from './built-in-profile.ts';
import { callsAbout } from './calls-about.ts';
import { connectToTemporal, type TestTemporal } from './temporal.ts';
import { waitUntil } from './wait-until.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

export interface StackOptions {
  /** The name of a profile. Default: the built-in one. */
  profile?: string;
  policy?: Partial<CallPolicy>;
  provider?: Partial<
    Pick<
      ProviderClientOptions,
      | 'timeoutMs'
      | 'connectTimeoutMs'
      | 'connectionAgeMs'
      | 'proxy'
      | 'baseUrl'
      | 'profile'
      | 'credentials'
      | 'clientAuth'
      | 'maxResponseBytes'
      | 'maxConnections'
    >
  >;
  fake?: FakeProviderOptions;
  /** Default: room for every test, and cool-downs and outages of some milliseconds. */
  budget?: Partial<BudgetConfig>;
  /** Default: the server that all test files share. */
  temporal?: TestTemporal;
  /** Default: everything is counted and kept in this process. */
  redis?: RedisConfig;
  /** Default: the provider gets no URL to call. */
  callbacks?: CallbackConfig;
  random?: () => number;
  now?: () => number;
  /** Default: no answer is kept, and nothing stands in for one. */
  cache?: Pick<ActivityDeps, 'answers' | 'fallback' | 'fallbacks'>;
  /** Default: nobody delivers results. */
  deliveries?: DeliveryConfig;
  /** Default: in memory, with nothing learned. */
  jobTimes?: JobTimes;
}

export interface InProcessStack extends AsyncDisposable {
  fake: FakeProvider;
  client: ExternalApiClient;
  temporal: TestTemporal;
  worker: FleetWorker;
  budget: CallBudget;
  /** Every call to the provider, as the log sees it. */
  calls: CallRecord[];
  unknownStatuses: { status: string; first: boolean }[];
  finishedSeen: FinishedSeen[];
  /** The workflow's history. */
  events(requestId: string): Promise<HistoryEvent[]>;
  /** How many calls about a request have arrived, by the ledger. */
  count(requestId: string, endpoint: Endpoint): number;
}

/** Quick, but of the same shape as the defaults. */
const POLICY: CallPolicy = {
  maxRetries: 3,
  retryDelayMs: 20,
  pollInitialMs: 20,
  pollMaxMs: 2_000,
  idempotency: 'none',
  cancelCall: false,
};

const BUDGET: BudgetConfig = { limit: 100_000, windowMs: 60_000, outageAfter: 10, probeMs: 100, rateHeaders: true };

/** The whole product in this process, on the real Temporal server in a namespace of its own, before a fake provider. */
export async function startInProcessStack(options: StackOptions = {}): Promise<InProcessStack> {
  const temporal = options.temporal ?? (await connectToTemporal());
  const fake = await startFakeProvider(options.fake);
  const calls: CallRecord[] = [];
  const unknownStatuses: InProcessStack['unknownStatuses'] = [];
  const finishedSeen: FinishedSeen[] = [];
  const { apiKey, clientId, clientSecret } = fake.credentials;
  const {
    profile,
    policy,
    provider,
    budget,
    jobTimes,
    random,
    now,
    cache = { answers: undefined, fallback: 'none' },
  } = options;
  const worker = composeWorker({
    config: {
      provider: {
        profile: profile === undefined ? BUILT_IN : { ...BUILT_IN, name: profile },
        baseUrl: new URL(fake.url),
        credentials: { apiKey, clientId, clientSecret },
        timeoutMs: 5_000,
        connectTimeoutMs: 2_000,
        maxConnections: 64,
        ...provider,
      },
      budget: { ...BUDGET, ...budget },
      calls: { ...POLICY, ...policy },
      answers: { cacheTtlMs: 0, fallback: 'none', fallbackMaxAgeMs: 0 },
      callbacks: options.callbacks ?? null,
      redis: options.redis ?? null,
      tokenKey: null,
      deliveries: options.deliveries ?? null,
      temporal: { connectionOptions: { address: temporal.address }, namespace: temporal.namespace },
      logLevel: 'silent',
    },
    observer: {
      called: (record) => void calls.push(record),
      unknownStatus: (status, _requestId, first) => void unknownStatuses.push({ status, first }),
      finishedSeen: (finished) => void finishedSeen.push(finished),
    },
    aroundDeps: (deps) => ({
      ...deps,
      ...cache,
      ...(jobTimes && { jobTimes }),
      ...(random && { random }),
      ...(now && { now }),
    }),
    workflowBundle: { codePath: inject('workflowBundlePath') },
  });
  const running = worker.run();
  await Promise.race([running, waitUntil('the worker runs', () => worker.isReady())]);
  const client = new ExternalApiClient(temporal.client, {
    ...(profile !== undefined && { provider: profile }),
    deliveryTargets: { loopback: true },
  });
  return {
    fake,
    client,
    temporal,
    worker,
    budget: worker.budget,
    calls,
    unknownStatuses,
    finishedSeen,
    async events(requestId) {
      const { events } = await temporal.client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
      return events ?? [];
    },
    count: (requestId, endpoint) => callsAbout(fake, requestId, endpoint).length,
    async [Symbol.asyncDispose]() {
      // First the provider: a call that hangs would hold its worker back.
      await fake.close();
      await worker.provider.close();
      worker.shutdown();
      await running;
      await temporal.close();
    },
  };
}
