import { TransportError, Worker, type WorkerOptions } from '@temporalio/worker';
import { TemporalUnavailableError } from '../client/client-errors.ts';
import { failureOf } from './temporal-failures.ts';

/**
 * A Worker that drains when its polls fail for good. The SDK's own forgets what runs: its results are reported to nobody, and
 * what a submit brought is lost. The core is made for this: after such a failure it takes no task any more, and hands out what
 * the activities under way need to know until the last of them has ended.
 */
export class DrainingWorker extends Worker {
  #onRefused: () => void = () => {};

  /** @param onRefused told when a poll has failed, before the drain; `run` fails with the reason after it */
  static async start(options: WorkerOptions, onRefused: () => void): Promise<DrainingWorker> {
    const worker = (await DrainingWorker.create(options)) as DrainingWorker;
    worker.#onRefused = onRefused;
    return worker;
  }

  protected override pollLoop$<Task>(poll: () => Promise<Task>) {
    return super.pollLoop$(async () => {
      for (;;) {
        try {
          return await poll();
        } catch (error) {
          // Of a Worker that drains already no task is wanted.
          if (!(error instanceof TransportError)) throw error;
          if (this.getState() === 'RUNNING') this.#drainFor(error);
        }
      }
    });
  }

  #drainFor(cause: unknown): void {
    const message =
      `Temporal gives this worker no tasks of the queue ${this.options.taskQueue} any more: ${failureOf(cause)}. ` +
      'The calls under way were finished.';
    // Shuts this Worker down, and is what its run ends with.
    this.unexpectedErrorSubject.error(new TemporalUnavailableError(message, { cause }));
    this.#onRefused();
  }
}
