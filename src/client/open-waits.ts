import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';
import { boundedWait, type WaitBounds } from './bounded-wait.ts';
import { TemporalUnavailableError } from './client-errors.ts';
import { CLIENT_CLOSED } from './open-calls.ts';

/** What a client's callers wait for, so that closing it ends every wait, whosever the connection is. */
export class OpenWaits {
  readonly #client: Pick<Client, 'withAbortSignal'>;
  readonly #closing = new AbortController();

  constructor(client: Pick<Client, 'withAbortSignal'>) {
    this.#client = client;
    setMaxListeners(0, this.#closing.signal);
  }

  /** @throws as boundedWait does; TemporalUnavailableError once the client is closed */
  async wait<Result>(wait: () => Promise<Result>, { signals = [], ...bounds }: WaitBounds = {}): Promise<Result> {
    return await boundedWait(this.#client, wait, { ...bounds, signals: [...signals, this.#closing.signal] });
  }

  close(): void {
    this.#closing.abort(new TemporalUnavailableError(CLIENT_CLOSED));
  }
}
