import type { Context } from '@temporalio/activity';

const INTERVAL_MS = 3_000;
const FRESH_MS = 5_000;

/**
 * Heartbeats that are durable when `record` returns. `Context.heartbeat` is throttled and lost when the process dies;
 * this is the awaited RPC, so that what it recorded is what the next attempt finds. It is also a fence: a worker whose
 * task went to another one gets an error from it.
 *
 * One RPC at a time: an older record never overwrites a newer one. `Context.heartbeat` may follow only after `stop`.
 */
export class DurableHeartbeat {
  readonly #context: Context;
  readonly #details: () => unknown;
  readonly #timer: NodeJS.Timeout;
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: Context, details: () => unknown) {
    this.#context = context;
    this.#details = details;
    // A missed beat needs no handling here: if it matters, the heartbeat timeout says so.
    this.#timer = setInterval(() => void this.#send().catch(() => {}), INTERVAL_MS);
  }

  /**
   * Records the details as they are now.
   * @throws ActivityCancelledError when the request was cancelled (they are recorded); ActivityNotFoundError when the
   *   task is no longer ours; ServiceError when the server did not answer.
   */
  async record(): Promise<void> {
    await this.#send();
  }

  /** As `record`, and on return not older than half the heartbeat timeout: a process that was frozen asks again. */
  async recordFresh(): Promise<void> {
    let askedAt: number;
    do {
      askedAt = performance.now();
      await this.#send();
    } while (performance.now() - askedAt > FRESH_MS);
  }

  /** Ends the heartbeats; returns when none is under way any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#last;
  }

  #send(): Promise<void> {
    const { client, info } = this.#context;
    const sent = this.#last.then(() => client.activity.heartbeat(info.taskToken, this.#details()));
    this.#last = sent.catch(() => {});
    return sent;
  }
}
