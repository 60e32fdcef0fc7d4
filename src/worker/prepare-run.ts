import { type NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import type { TemporalConfig } from '../config/temporal.ts';
import type { Logger } from '../observability/logger.ts';
import { tellReadiness } from '../observability/readiness-events.ts';
import { observeTemporal } from '../observability/temporal-events.ts';
import { closeAfter } from './close-after.ts';
import { addressOf, ask, connectWhenThere } from './connect-temporal.ts';
import { TemporalWatch } from './temporal-watch.ts';

export interface RunParts {
  temporal: TemporalConfig;
  logger: Logger;
  /** What this process lacks of its own; null: nothing. */
  whyNotReady: () => string | null;
  /** @param onRefused to be told when Temporal has refused the task polls of a queue */
  createWorkers: (connection: NativeConnection, onRefused: () => void) => Promise<Worker[]>;
}

/** The Workers of one process, from the connection to the drain. */
export interface Run {
  /** As FleetWorker.run, but for what the process has of its own. To be called once. */
  start(): Promise<void>;
  /** Ends it. */
  shutdown(): void;
  /** Null: it takes work. */
  whyNotReady(): string | null;
}

export function prepareRun(parts: RunParts): Run {
  const { temporal, logger } = parts;
  const address = addressOf(temporal);
  const watch = new TemporalWatch(observeTemporal(logger, address));
  let workers: Worker[] = [];
  const ending = new AbortController();

  function shutdown(): void {
    ending.abort();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  /** One Worker that fails ends the others, so that nobody takes this process for one that works. */
  async function runAll(connection: NativeConnection): Promise<void> {
    workers = await parts.createWorkers(connection, shutdown);
    const runs = workers.map((worker) => worker.run());
    const readiness = tellReadiness(logger, whyNotReady);
    readiness.look();
    for (const run of runs) run.catch(shutdown);
    if (ending.signal.aborted) shutdown();
    const ended = new AbortController();
    void watch.follow(() => ask(connection), ended.signal);
    await Promise.allSettled(runs);
    ended.abort();
    readiness.end();
    await Promise.all(runs);
  }

  async function start(): Promise<void> {
    let runtime = Runtime.instance();
    // The SDK ends its Runtime, and what that heeds, with a failed attempt to connect.
    const heedSignals = (): void => {
      runtime = Runtime.instance();
      runtime.registerShutdownSignalCallback(shutdown);
    };
    try {
      const connection = await connectWhenThere(temporal, watch, ending.signal, heedSignals);
      if (connection === null) return;
      await closeAfter(
        () => runAll(connection),
        () => connection.close(),
      );
    } finally {
      runtime.deregisterShutdownSignalCallback(shutdown);
    }
  }

  function whyNotReady(): string | null {
    const states = new Set(workers.map((worker) => worker.getState()));
    if (states.has('FAILED')) return 'a part of it failed';
    // SIGTERM is the SDK's to heed.
    const isRunning = states.size === 1 && states.has('RUNNING');
    if (ending.signal.aborted || (workers.length > 0 && !isRunning)) return 'it ends';
    const { outage } = watch;
    if (outage !== null) {
      return `the Temporal server at ${address} does not answer since ${outage.since.toISOString()}: ${outage.reason}`;
    }
    return workers.length === 0 ? 'it starts' : parts.whyNotReady();
  }

  return { start, shutdown, whyNotReady };
}
