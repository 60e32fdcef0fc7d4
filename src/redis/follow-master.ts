import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { retryDelayMs } from './redis-client.ts';

interface Followable extends EventEmitter {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
}

export interface FollowOptions<Client> {
  /** Where the master is now. */
  find: () => Promise<string>;
  /** A client that is not connected, and does not reconnect. */
  create: (url: string, giveUp: () => void) => Client;
  /** Stands for the master until it was found: nobody connects there. */
  nowhere: string;
  onFailure: (error: Error) => void;
}

/**
 * What looks like one client, and is always the one of the master that the sentinels name: before each connection they are
 * asked. The library's own sentinel client will not do: it keeps commands for when there is a master again, and repeats them.
 */
export function followMaster<Client extends Followable>(options: FollowOptions<Client>): Client {
  const { find, create, nowhere, onFailure } = options;
  const events = new EventEmitter();
  let client = create(nowhere, () => {});
  let isSearching = false;
  const closed = new AbortController();

  function fail(error: Error): void {
    onFailure(error);
    if (events.listenerCount('error') > 0) events.emit('error', error);
  }

  async function connectTo(url: string): Promise<void> {
    const next = create(url, () => leave(next));
    next.on('error', (error: Error) => {
      fail(error);
      if (!next.isReady) leave(next);
    });
    next.on('ready', () => events.emit('ready'));
    client = next;
    await next.connect();
  }

  async function search(): Promise<void> {
    isSearching = true;
    for (let retries = 0; !closed.signal.aborted; retries++) {
      const url = await find().catch(fail);
      // What it fails with, it tells.
      if (url !== undefined) await connectTo(url).catch(() => {});
      if (client.isReady) break;
      await delay(retryDelayMs(retries), undefined, { signal: closed.signal }).catch(() => {});
    }
    isSearching = false;
    if (closed.signal.aborted) close();
  }

  function leave(lost: Client): void {
    if (lost.isOpen) lost.destroy();
    if (lost === client && !isSearching && !closed.signal.aborted) void search();
  }

  function close(): void {
    closed.abort();
    if (client.isOpen) client.destroy();
  }

  void search();
  const own: Record<PropertyKey, unknown> = { destroy: close };
  return new Proxy(client, {
    get(_, name) {
      if (name in own) return own[name];
      if (name === 'isOpen') return !closed.signal.aborted;
      const source: object = name in events ? events : client;
      const member: unknown = Reflect.get(source, name, source);
      return typeof member === 'function' ? (member.bind(source) as unknown) : member;
    },
  });
}
