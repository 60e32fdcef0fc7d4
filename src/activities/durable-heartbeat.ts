import type { Context } from '@temporalio/activity';
import { ActivityCancelledError, ActivityNotFoundError } from '@temporalio/client';
import type { IntentLog, Recorded } from '../submit/intent-log.ts';

const INTERVAL_MS = 3_000;
const FRESH_MS = 5_000;

/**
 * Heartbeats that are durable when `record` returns. `Context.heartbeat` is throttled and lost when the process dies;
 * this is the awaited RPC, so that what it recorded is what the next attempt finds. It is also a fence: a worker whose
 * task went to another one gets an error from it.
 *
 * One RPC at a time: an older record never overwrites a newer one. So `Context.heartbeat` may follow only when all that are
 * still to come say the same: from the send on, and after `stop`. Then it must: the SDK's core hears of no other heartbeat, and
 * of an activity without one for 15 s it reports no end, whatever the server knows of it.
 */
export class DurableHeartbeat implements IntentLog {
  readonly #context: Context;
  readonly #details: () => unknown;
  readonly #timer: NodeJS.Timeout;
  #last: Promise<unknown> = Promise.resolve();
  #isSending = false;
  /** From the moment that a beat sets out. */
  hasRecorded = false;
  /** Whether the server has told that the request is being cancelled. */
  isCancelled = false;

  /** @param isOut whether the call may be on its way, which the details say then until `stop` */
  constructor(context: Context, details: () => unknown, isOut: () => boolean) {
    this.#context = context;
    this.#details = details;
    this.#timer = setInterval(() => {
      // The one that is under way will do. A missed beat needs no handling: if it matters, the heartbeat timeout says so.
      if (this.#isSending) return;
      if (isOut()) context.heartbeat(details());
      else void this.#send().catch(() => {});
    }, INTERVAL_MS);
  }

  async record(): Promise<Recorded> {
    let askedAt: number;
    do {
      askedAt = performance.now();
      try {
        await this.#send();
      } catch (error) {
        if (error instanceof ActivityCancelledError) return 'cancelled';
        // Not let in, not answered, aborted by a cancellation, paused or reset: it may be recorded or not.
        return error instanceof ActivityNotFoundError ? 'not_ours' : 'unknown';
      }
    } while (performance.now() - askedAt > FRESH_MS);
    return 'recorded';
  }

  /** No more heartbeats from now on. One may be under way, which is worth nothing once the activity has completed. */
  end(): void {
    clearInterval(this.#timer);
  }

  /** Ends the heartbeats; returns when none is under way any more. */
  async stop(): Promise<void> {
    this.end();
    await this.#last;
  }

  #send(): Promise<void> {
    const { client, info } = this.#context;
    this.hasRecorded = true;
    const sent = this.#last.then(async () => {
      this.#isSending = true;
      try {
        await client.activity.heartbeat(info.taskToken, this.#details());
      } catch (error) {
        this.isCancelled ||= error instanceof ActivityCancelledError;
        throw error;
      } finally {
        this.#isSending = false;
      }
    });
    this.#last = sent.catch(() => {});
    return sent;
  }
}
