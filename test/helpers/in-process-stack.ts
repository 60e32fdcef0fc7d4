import type { WorkflowHandle } from '@temporalio/client';
import './quiet-runtime.ts';
import type { Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import type { ActivityDeps, FinishedSeen } from '../../src/activities/deps.ts';
import { createActivities } from '../../src/activities/index.ts';
import { createMemoryJobTimes } from '../../src/activities/job-times-store.ts';
import type { JobTimes } from '../../src/activities/job-times.ts';
import type { CallPolicy } from '../../src/activities/retry-plan.ts';
import { ExternalApiClient } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { startFakeProvider, type FakeProvider, type FakeProviderOptions } from '../../src/fake-provider/index.ts';
import type { BudgetRules, PermitStore } from '../../src/provider/call-budget/budget.ts';
import { CallBudget } from '../../src/provider/call-budget/call-budget.ts';
import { createCallBudget } from '../../src/provider/call-budget/create-call-budget.ts';
import { createMemoryStore } from '../../src/provider/call-budget/memory-store.ts';
import type { CallRecord, Endpoint } from '../../src/provider/observer.ts';
import { createProviderClient, type ProviderClientOptions } from '../../src/provider/provider-client.ts';
import { createWorkers } from '../../src/worker/create-workers.ts';
import { connectToTemporal, type TestTemporal } from './temporal.ts';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

export interface StackOptions {
  policy?: Partial<CallPolicy>;
  provider?: Partial<
    Pick<ProviderClientOptions, 'timeoutMs' | 'connectTimeoutMs' | 'baseUrl' | 'oauth' | 'maxResponseBytes'>
  >;
  fake?: FakeProviderOptions;
  /** Default: wide open, and closed by nothing. */
  budget?: Partial<BudgetRules>;
  /** Default: the server that all test files share. */
  temporal?: TestTemporal;
  random?: () => number;
  now?: () => number;
  /** Default: no answer is kept, and nothing stands in for one. */
  cache?: Pick<ActivityDeps, 'answers' | 'fallback' | 'fallbacks'>;
  /** Default: in memory, with nothing learned. */
  jobTimes?: JobTimes;
}

export interface InProcessStack extends AsyncDisposable {
  fake: FakeProvider;
  client: ExternalApiClient;
  temporal: TestTemporal;
  budget: CallBudget;
  /** Every call to the provider, as the log sees it. */
  calls: CallRecord[];
  unknownStatuses: { status: string; first: boolean }[];
  finishedSeen: FinishedSeen[];
  /** The workflow's history. */
  events(requestId: string): Promise<HistoryEvent[]>;
  /** How many calls of a kind were made for a request. */
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

/** Wide open: what one test does to the provider does not hold back the next, a 429 included. */
function openBudget(): CallBudget {
  const rules: BudgetRules = {
    limit: 100_000,
    windowMs: 60_000,
    longestCallMs: 60_000,
    outageAfter: 0,
    probeMs: 1_000,
    backoffMs: 20,
  };
  const store = createMemoryStore(rules);
  const ended: PermitStore['ended'] = (permit, end) =>
    store.ended(permit, end.type === 'refused' ? { type: 'answered' } : end);
  return new CallBudget({ ...store, ended }, rules);
}

/** The whole product in this process, on the real Temporal server in a namespace of its own, before a fake provider. */
export async function startInProcessStack(options: StackOptions = {}): Promise<InProcessStack> {
  const temporal = options.temporal ?? (await connectToTemporal());
  const fake = await startFakeProvider(options.fake);
  const calls: CallRecord[] = [];
  const unknownStatuses: InProcessStack['unknownStatuses'] = [];
  const finishedSeen: FinishedSeen[] = [];
  const { apiKey, clientId, clientSecret } = fake.credentials;
  const budget =
    options.budget === undefined
      ? openBudget()
      : createCallBudget({ limit: 100_000, backoffMs: 20, ...options.budget });
  const provider = createProviderClient({
    baseUrl: new URL(fake.url),
    apiKey,
    oauth: { clientId, clientSecret, clientAuth: 'body' },
    timeoutMs: 5_000,
    connectTimeoutMs: 2_000,
    maxConnections: 64,
    budget,
    ...options.provider,
    observer: { called: (record) => void calls.push(record), tokenRefreshed: () => {} },
  });
  const deps: ActivityDeps = {
    provider,
    policy: { ...POLICY, ...options.policy },
    observer: {
      unknownStatus: (status, _requestId, first) => void unknownStatuses.push({ status, first }),
      finishedSeen: (finished) => void finishedSeen.push(finished),
    },
    jobTimes: options.jobTimes ?? createMemoryJobTimes(),
    ...options.cache,
    random: options.random ?? Math.random,
    now: options.now ?? Date.now,
  };
  const workers: Worker[] = await createWorkers({
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    activities: createActivities(deps),
    budget,
    workflowBundle: { codePath: inject('workflowBundlePath') },
  });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const client = new ExternalApiClient(temporal.client);
  return {
    fake,
    client,
    temporal,
    budget,
    calls,
    unknownStatuses,
    finishedSeen,
    async events(requestId) {
      const { events } = await temporal.client.workflow.getHandle(workflowIdOf(requestId)).fetchHistory();
      return events ?? [];
    },
    count: (requestId, endpoint) =>
      calls.filter((call) => call.requestId === requestId && call.endpoint === endpoint).length,
    async [Symbol.asyncDispose]() {
      // First the provider: a call that hangs would hold its worker back.
      await fake.close();
      await provider.close();
      for (const worker of workers) worker.shutdown();
      await running;
      await temporal.close();
    },
  };
}
