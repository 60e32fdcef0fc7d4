import { type ExternalApiClient, RequestFinishedError } from 'durable-external-api';
import { untilAnswered } from './until-answered.ts';

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
    try {
      await untilAnswered(() => this.#client.cancel(requestId, why));
      this.asked += 1;
    } catch (error) {
      if (!(error instanceof RequestFinishedError)) throw error;
    }
  }
}
