import { NativeConnection, Runtime, type Worker, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import { createActivities, type Activities } from '../activities/index.ts';
import type { Fallback } from '../answers/fallback.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { TemporalUnavailableError } from '../client/client-errors.ts';
import type { TemporalConfig } from '../config/temporal.ts';
import type { LogLevel } from '../config/shared-variables.ts';
import type { BudgetView } from '../contract/budget-view.ts';
import { createBudgetMetrics } from '../observability/budget-metrics.ts';
import { observeFleet } from '../observability/fleet-events.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { observeProvider } from '../observability/provider-events.ts';
import { budgetView } from '../observability/view-of-budget.ts';
import type { PollObserver } from '../polling/poll-job.ts';
import type { ProviderObserver } from '../provider/observer.ts';
import { createProviderClient, type ProviderClient, type ProviderClientOptions } from '../provider/provider-client.ts';
import { closeAfter } from './close-after.ts';
import { createWorkers } from './create-workers.ts';
import { openFleetState, type FleetConfig } from './fleet-state.ts';
import { longestTimes } from './longest-times.ts';
import { prebuiltWorkflows } from './workflow-bundle.ts';

/** What a worker needs to know; `loadWorkerConfig()` reads it from the environment. Times in milliseconds. */
export interface FleetWorkerConfig extends FleetConfig {
  provider: Omit<ProviderClientOptions, 'budget' | 'rateHeaders' | 'sharedTokens' | 'observer'>;
  temporal: TemporalConfig;
  logLevel: LogLevel;
}

export interface FleetWorkerOptions {
  config: FleetWorkerConfig;
  /** Functions that may stand in for the result of a request that failed, by name. */
  fallbacks?: Readonly<Record<string, Fallback>>;
  /** The one of `fallbacks` to use. Default: as `config.answers.fallback` says, `none` or `cache`. */
  fallback?: string;
  /** Default: JSON lines on stdout, from `config.logLevel` on. */
  logger?: Logger;
  /** Told of every call and finished poll, besides the log and the metrics. Must not throw. */
  observer?: Partial<ProviderObserver & PollObserver>;
  /** Default: the prebuilt one of this version. */
  workflowBundle?: NonNullable<WorkerOptions['workflowBundle']>;
  /** Changes what the activities work with, before they are made. */
  aroundDeps?: (deps: ActivityDeps) => ActivityDeps;
  /** Changes the activities, before they are registered. */
  aroundActivities?: (activities: Activities) => Activities;
}

/** A whole worker: put together, and not running yet. */
export interface FleetWorker {
  readonly budget: CallBudget;
  readonly provider: ProviderClient;
  /**
   * Connects to Temporal and takes work until `shutdown`, or SIGTERM or SIGINT, which the Temporal SDK heeds. Returns when
   * what was under way is finished, or cancelled after the longest time that a submit may take, and everything is closed.
   * To be called once.
   * @throws TemporalUnavailableError when there is no Temporal server; TransportError when the namespace is not there
   */
  run(): Promise<void>;
  /** Ends `run`. */
  shutdown(): void;
  /** Whether it takes work now: false until it runs, while it cannot count its calls, and in its drain. */
  isReady(): boolean;
  /** The call budget as it is now. */
  budgetView(): Promise<BudgetView>;
  /** Sets the gauges of the Temporal SDK's meter, for a page of metrics that is about to be read. */
  setGauges(): Promise<void>;
}

/**
 * Puts one worker of a fleet together: configuration -> call budget, provider client, answers, activities -> Workers. What
 * the fleet shares is in Redis when `config.redis` is set, else in this process. Metrics go to the meter of the Temporal
 * SDK's `Runtime`: install yours before.
 *
 * @throws TypeError when `fallback` is not among `fallbacks`, or the API key cannot be sent in a header
 */
export function composeWorker(options: FleetWorkerOptions): FleetWorker {
  const { config, fallbacks, fallback = config.answers.fallback } = options;
  const logger = options.logger ?? createLogger({ level: config.logLevel, name: 'worker' });
  const meter = Runtime.instance().metricMeter;
  const metrics = createMetrics(meter);
  const budgetMetrics = createBudgetMetrics(meter);
  const observer = both(observeProvider(logger, metrics), options.observer ?? {});
  const { budget, sharedTokens, jobTimes, answers, close } = openFleetState(config, observeFleet(logger, metrics));
  const provider = createProviderClient({
    ...config.provider,
    rateHeaders: config.budget.rateHeaders,
    budget,
    sharedTokens,
    observer,
  });
  const deps: ActivityDeps = {
    provider,
    policy: config.calls,
    observer,
    jobTimes,
    answers,
    fallback,
    fallbacks,
    random: Math.random,
    now: Date.now,
  };
  const activities = createActivities(options.aroundDeps?.(deps) ?? deps);

  let workers: Worker[] = [];
  let isEnding = false;

  function shutdown(): void {
    isEnding = true;
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  /** One Worker that fails ends the others, so that nobody takes this process for one that works. */
  async function runAll(connection: NativeConnection): Promise<void> {
    workers = await createWorkers({
      connection,
      namespace: config.temporal.namespace,
      activities: options.aroundActivities?.(activities) ?? activities,
      budget,
      workflowBundle: options.workflowBundle ?? prebuiltWorkflows(),
      drainMs: longestTimes(config.provider).drainMs,
    });
    const runs = workers.map((worker) => worker.run());
    for (const run of runs) run.catch(shutdown);
    if (isEnding) shutdown();
    await Promise.allSettled(runs);
    await Promise.all(runs);
  }

  async function connectAndRun(): Promise<void> {
    const connection = await connect(config.temporal);
    await closeAfter(
      () => runAll(connection),
      () => connection.close(),
    );
  }

  async function closeOwn(): Promise<void> {
    await provider.close();
    await close();
  }

  async function budgetNow(): Promise<BudgetView> {
    return budgetView(await budget.state(), budget.waiting, Date.now());
  }

  return {
    budget,
    provider,
    run: () => closeAfter(connectAndRun, closeOwn),
    shutdown,
    isReady: () => budget.isReady && workers.length > 0 && workers.every((worker) => worker.getState() === 'RUNNING'),
    budgetView: budgetNow,
    async setGauges() {
      budgetMetrics.set(await budgetNow());
      const { open, inUse, waiting } = provider.pool;
      metrics.connections.set(open, { state: 'open' });
      metrics.connections.set(inUse, { state: 'in_use' });
      metrics.connections.set(waiting, { state: 'waiting' });
    },
  };
}

/** Tells ours first, then theirs. */
function both(
  ours: ProviderObserver & PollObserver,
  theirs: Partial<ProviderObserver & PollObserver>,
): ProviderObserver & PollObserver {
  return {
    called(record) {
      ours.called(record);
      theirs.called?.(record);
    },
    tokenRefreshed(generation) {
      ours.tokenRefreshed(generation);
      theirs.tokenRefreshed?.(generation);
    },
    unknownStatus(status, requestId, first) {
      ours.unknownStatus(status, requestId, first);
      theirs.unknownStatus?.(status, requestId, first);
    },
    finishedSeen(finished) {
      ours.finishedSeen(finished);
      theirs.finishedSeen?.(finished);
    },
  };
}

async function connect({ connectionOptions }: TemporalConfig): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(connectionOptions);
  } catch (cause) {
    const address = connectionOptions.address ?? 'localhost:7233';
    const message = `The Temporal server at ${address} does not answer. Check TEMPORAL_ADDRESS and that it is up.`;
    throw new TemporalUnavailableError(message, { cause });
  }
}
