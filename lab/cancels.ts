import { setTimeout as delay } from 'node:timers/promises';
import { type ExternalApiClient, RequestFinishedError, TemporalUnavailableError } from 'durable-external-api';

const REPEAT_AFTER_MS = 250;

/** Cancels requests as their callers would: until there is an answer. */
export class Cancels {
  /** Cancellations that were answered while the request ran. */
  asked = 0;
  readonly #client: ExternalApiClient;

  constructor(client: ExternalApiClient) {
    this.#client = client;
  }

  /** Resolves when the cancellation is known to the server, or the request has ended before. */
  async cancel(requestId: string, why: string): Promise<void> {
    for (;;) {
      try {
        await this.#client.cancel(requestId, why);
        this.asked += 1;
        return;
      } catch (error) {
        if (error instanceof RequestFinishedError) return;
        if (!(error instanceof TemporalUnavailableError)) throw error;
        await delay(REPEAT_AFTER_MS);
      }
    }
  }
}
