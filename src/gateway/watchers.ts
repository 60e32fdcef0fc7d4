import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestSnapshot } from '../contract/request.ts';
import { isTerminal } from '../contract/values.ts';
import { stateForCallers } from '../contract/callers-words.ts';
import type { GatewayClient } from './gateway-client.ts';
import { stateTag } from './state-tag.ts';

export interface WatcherLimits {
  /** Long polls of Temporal that may be open at once: a server allows 1,200 of all clients (`frontend.namespaceCount`). */
  mostPolls: number;
  /** Of these, for requests of one tenant. */
  mostPollsOfTenant: number;
  /** How often a request is read above that. */
  everyMs: number;
}

const LIMITS: WatcherLimits = { mostPolls: 500, mostPollsOfTenant: 250, everyMs: 2_000 };

/** Waits for changes of requests. However many wait for those of one, Temporal is asked once. */
export class Watchers {
  readonly #client: Pick<GatewayClient, 'status' | 'updates'>;
  readonly #limits: WatcherLimits;
  readonly #watched = new Map<string, Watched>();
  /** Those that are open, by tenant. */
  readonly #polls = new Map<string, number>();

  constructor(client: Pick<GatewayClient, 'status' | 'updates'>, limits = LIMITS) {
    this.#client = client;
    this.#limits = limits;
  }

  /** The changes of a request of that tenant, until it is disposed of. */
  watch(requestId: string, tenant: string): Disposable & Changes {
    const watched = this.#watched.get(requestId) ?? this.#begin(requestId, tenant);
    watched.watching += 1;
    return {
      from: (seen, signal) => watched.from(seen, signal),
      [Symbol.dispose]: () => {
        watched.watching -= 1;
        if (watched.watching === 0) this.#end(requestId, watched);
      },
    };
  }

  #begin(requestId: string, tenant: string): Watched {
    const watched = new Watched((signal) => this.#changesOf(requestId, tenant, signal));
    this.#watched.set(requestId, watched);
    return watched;
  }

  #end(requestId: string, watched: Watched): void {
    watched.end();
    this.#watched.delete(requestId);
  }

  async *#changesOf(requestId: string, tenant: string, signal: AbortSignal): AsyncGenerator<RequestSnapshot> {
    const ofTenant = this.#polls.get(tenant) ?? 0;
    const all = [...this.#polls.values()].reduce((sum, polls) => sum + polls, 0);
    if (all >= this.#limits.mostPolls || ofTenant >= this.#limits.mostPollsOfTenant) {
      yield* this.#readings(requestId, signal);
      return;
    }
    this.#polls.set(tenant, ofTenant + 1);
    try {
      yield* this.#client.updates(requestId, { signal });
    } finally {
      const left = (this.#polls.get(tenant) ?? 0) - 1;
      if (left === 0) this.#polls.delete(tenant);
      else this.#polls.set(tenant, left);
    }
  }

  async *#readings(requestId: string, signal: AbortSignal): AsyncGenerator<RequestSnapshot> {
    for (;;) {
      const snapshot = await this.#client.status(requestId);
      yield snapshot;
      if (isTerminal(snapshot.status)) return;
      await delay(this.#limits.everyMs, undefined, { signal });
    }
  }
}

export interface Changes {
  /**
   * The request as soon as it is another than `seen`; null: `signal` was aborted before.
   * @throws what reading it throws
   */
  from(seen: RequestSnapshot, signal: AbortSignal): Promise<RequestSnapshot | null>;
}

interface Latest {
  snapshot: RequestSnapshot;
  /** The same for all who wait. */
  tag: string;
}

/** One request that is watched. */
class Watched implements Changes {
  watching = 0;
  #latest: Latest | null = null;
  #failure: { error: unknown } | null = null;
  /** Tells of news; as many listen as wait. */
  readonly #news = new EventEmitter().setMaxListeners(0);
  readonly #over = new AbortController();

  constructor(changes: (signal: AbortSignal) => AsyncIterable<RequestSnapshot>) {
    void this.#follow(changes(this.#over.signal));
  }

  async from(seen: RequestSnapshot, signal: AbortSignal): Promise<RequestSnapshot | null> {
    const tagOfSeen = stateTag(seen);
    /** What one of them has seen may be later than what the others wait with. */
    const isAfter = ({ snapshot, tag }: Latest): boolean => tag !== tagOfSeen && snapshot.updatedAt >= seen.updatedAt;
    while (!signal.aborted) {
      if (this.#latest !== null && isAfter(this.#latest)) return this.#latest.snapshot;
      if (this.#failure !== null) throw this.#failure.error;
      await once(this.#news, NEWS, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    return null;
  }

  end(): void {
    this.#over.abort();
  }

  async #follow(changes: AsyncIterable<RequestSnapshot>): Promise<void> {
    try {
      for await (const snapshot of changes) {
        // As those who wait have read it.
        const state = stateForCallers(snapshot);
        this.#latest = { snapshot: state, tag: stateTag(state) };
        this.#news.emit(NEWS);
      }
    } catch (error) {
      this.#failure = { error };
      this.#news.emit(NEWS);
    }
  }
}

const NEWS = 'news';
