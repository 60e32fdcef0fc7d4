import { AsyncLocalStorage } from 'node:async_hooks';
import { Client } from '@temporalio/client';
import type { ClientOptions } from '../client/client-options.ts';
import { ExternalApiClient } from '../client/external-api-client.ts';
import type { FakeAnswer } from './fake-request.ts';
import { InMemoryTemporal } from './in-memory-temporal.ts';

export type { FakeAnswer } from './fake-request.ts';

type Method = {
  [Name in keyof ExternalApiClient]: ExternalApiClient[Name] extends (...args: never[]) => unknown ? Name : never;
}[Exclude<keyof ExternalApiClient, 'handle' | 'close' | 'ping' | symbol>];

/** A method that was called, and with what. */
export type FakeCall = { [Name in Method]: { method: Name; args: Parameters<ExternalApiClient[Name]> } }[Method];

const UNRECORDED: readonly string[] = ['constructor', 'handle', 'close', 'ping'];

/**
 * The client for a service's own tests: the same class, on a Temporal server in memory, without workers and a provider. It
 * refuses what the true one refuses, and knows idempotency keys. What a request comes to is scripted. No time passes: no
 * deadline and no hold ends a request.
 *
 * @example
 * const client = new FakeExternalApiClient();
 * client.answer({ status: 'failed', failure: 'rejected', statusCode: 422 });
 */
export class FakeExternalApiClient extends ExternalApiClient {
  readonly #temporal: InMemoryTemporal;
  readonly #calls: FakeCall[] = [];

  constructor(options: ClientOptions = {}) {
    const temporal = new InMemoryTemporal();
    super(new Client({ connection: temporal.connection, identity: 'fake' }), options);
    this.#temporal = temporal;
    this.#record();
  }

  /** The calls of its methods, in order, without those of `handle`, `ping` and `close`. */
  get calls(): readonly FakeCall[] {
    return this.#calls;
  }

  /** Says what the next requests come to, one each. Default: completed, with their data as the result. */
  answer(...answers: FakeAnswer[]): void {
    this.#temporal.answers.push(...answers);
  }

  /** Says what becomes of a request that runs. @throws Error when there is none with this id, or it has ended */
  settle(requestId: string, answer: FakeAnswer): void {
    const request = this.#temporal.request(requestId);
    if (request.end !== null) throw new Error(`Request ${requestId} has ended already: it is ${request.state.status}.`);
    request.become(answer);
  }

  /** While true every method rejects with `TemporalUnavailableError`. */
  get isDown(): boolean {
    return this.#temporal.isDown;
  }

  set isDown(isDown: boolean) {
    this.#temporal.isDown = isDown;
  }

  /** Records what is called from outside, and not what one method calls of another. */
  #record(): void {
    const inside = new AsyncLocalStorage<true>();
    for (const name of Object.getOwnPropertyNames(ExternalApiClient.prototype)) {
      const method: unknown = Reflect.get(this, name);
      if (UNRECORDED.includes(name) || typeof method !== 'function') continue;
      const recorded = (...args: unknown[]): unknown => {
        if (inside.getStore() !== true) this.#calls.push({ method: name, args } as FakeCall);
        return inside.run(true, () => Reflect.apply(method, this, args) as unknown);
      };
      Object.defineProperty(this, name, { value: recorded });
    }
  }
}
