import type { MetricMeter } from '@temporalio/common';
import { Runtime, type WorkerOptions } from '@temporalio/worker';
import type { ActivityDeps } from '../activities/deps.ts';
import { createActivities, type Activities } from '../activities/index.ts';
import type { Fallback } from '../answers/fallback.ts';
import type { CallBudget } from '../call-budget/call-budget.ts';
import { createLinks, type CallbackConfig } from '../callbacks/callback-links.ts';
import type { DeliveryConfig } from '../config/delivery-config.ts';
import type { TemporalConfig } from '../config/temporal.ts';
import type { LogLevel } from '../config/shared-variables.ts';
import type { BudgetView } from '../contract/budget-view.ts';
import { USUAL_SUSPICIONS, type SuspicionLimits } from '../contract/suspicions.ts';
import { writtenProvider } from '../contract/names.ts';
import { createBudgetMetrics } from '../observability/budget-metrics.ts';
import { observeDeliveries } from '../observability/delivery-events.ts';
import { observeFleet } from '../observability/fleet-events.ts';
import { createLogger, type Logger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { observeProvider } from '../observability/provider-events.ts';
import { SuspicionWatch } from '../observability/suspicion-watch.ts';
import { budgetView } from '../observability/view-of-budget.ts';
import type { PollObserver } from '../polling/poll-job.ts';
import { wordsOf } from '../profile/words.ts';
import type { ProviderObserver } from '../provider/observer.ts';
import { createProviderClient, type ProviderClientOptions } from '../provider/provider-client.ts';
import type { ProviderClient } from '../provider/provider.ts';
import type { SignRequest } from '../provider/signature.ts';
import { cachedRequestsIn, memoryBytes } from './cached-requests.ts';
import { closeAfter } from './close-after.ts';
import { createWorkers } from './create-workers.ts';
import { openDeliveries } from './delivery-worker.ts';
import { openFleetState, type FleetConfig } from './fleet-state.ts';
import { longestTimes } from './longest-times.ts';
import { prepareRun } from './prepare-run.ts';
import { prebuiltWorkflows } from './workflow-bundle.ts';

/** What a worker needs to know; `loadWorkerConfig()` reads it from the environment. Times in milliseconds. */
export interface FleetWorkerConfig extends FleetConfig {
  provider: Omit<ProviderClientOptions, 'sign' | 'watch' | 'budget' | 'rateHeaders' | 'sharedTokens' | 'observer'>;
  temporal: TemporalConfig;
  /** Default: providers get no URL to call. */
  callbacks?: CallbackConfig | null;
  /** When something looks like abuse. Default: as the table of suspicions has it, in a minute. */
  suspicions?: SuspicionLimits;
  /** Default: this worker delivers no results to callers. */
  deliveries?: DeliveryConfig | null;
  logLevel: LogLevel;
  /** Interactive requests that are kept in memory, and a quarter of them bulk ones. Default: as many as the memory allows. */
  cachedRequests?: number | null;
}

export interface FleetWorkerOptions {
  config: FleetWorkerConfig;
  /** Signs each call to the provider, where its profile cannot say how: a signature, a token of a key pair. */
  sign?: SignRequest;
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
   * Connects to Temporal, waiting for it as long as it takes, and takes work until `shutdown`, or SIGTERM or SIGINT, which
   * the Temporal SDK heeds. Returns when what was under way is finished, or cancelled after the longest time that a submit
   * may take, and everything is closed. To be called once.
   * @throws TemporalUnavailableError when the server refuses our credentials, has not the namespace, or, after a drain, when
   *   it refused the task polls of a queue
   */
  run(): Promise<void>;
  /** Ends `run`. */
  shutdown(): void;
  /** Whether it takes work now. */
  isReady(): boolean;
  /** Why it takes no work: it starts, drains, has no Temporal server or cannot count its calls. Null: it does. */
  whyNotReady(): string | null;
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
  const meter = (): MetricMeter => Runtime.instance().metricMeter;
  const metrics = createMetrics(meter);
  const budgetMetrics = createBudgetMetrics(meter);
  const observer = both(
    observeProvider(
      logger,
      metrics,
      wordsOf(config.provider.profile),
      new SuspicionWatch(config.suspicions ?? USUAL_SUSPICIONS),
    ),
    options.observer ?? {},
  );
  const { budget, sharedTokens, jobTimes, answers, close } = openFleetState(config, observeFleet(logger, metrics));
  const provider = createProviderClient({
    ...config.provider,
    sign: options.sign,
    rateHeaders: config.budget.rateHeaders,
    budget,
    sharedTokens,
    observer,
  });
  const deps: ActivityDeps = {
    provider,
    policy: config.calls,
    observer,
    links: createLinks(config.provider.profile, config.callbacks ?? null),
    jobTimes,
    answers,
    fallback,
    fallbacks,
    random: Math.random,
    now: Date.now,
  };
  const activities = createActivities(options.aroundDeps?.(deps) ?? deps);
  const deliveries = config.deliveries ? openDeliveries(config.deliveries, observeDeliveries(logger, metrics)) : null;
  const run = prepareRun({
    temporal: config.temporal,
    logger,
    whyNotReady: () => (budget.isReady ? null : 'Redis has not answered: calls cannot be counted'),
    createWorkers: (connection, onRefused) =>
      createWorkers({
        connection,
        namespace: config.temporal.namespace,
        profile: writtenProvider(config.provider.profile.name),
        activities: options.aroundActivities?.(activities) ?? activities,
        deliver: deliveries?.deliver ?? null,
        budget,
        workflowBundle: options.workflowBundle ?? prebuiltWorkflows(),
        cachedRequests: config.cachedRequests ?? cachedRequestsIn(memoryBytes()),
        drainMs: longestTimes(config.provider).drainMs,
        onRefused,
      }),
  });

  async function closeOwn(): Promise<void> {
    await provider.close();
    await deliveries?.close();
    await close();
  }

  async function budgetNow(): Promise<BudgetView> {
    return budgetView(await budget.state(), budget.waiting, Date.now());
  }

  return {
    budget,
    provider,
    run: () => closeAfter(run.start, closeOwn),
    shutdown: run.shutdown,
    isReady: () => run.whyNotReady() === null,
    whyNotReady: run.whyNotReady,
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
