import { Client } from 'undici';

/** One connection, for one call at a time. Undici opens it with its first call, and again when the other end closed it. */
export interface Connection {
  readonly client: Client;
  readonly bornAt: number;
  idleSince: number;
}

export interface ConnectionsOptions {
  origin: string;
  /** Who takes one must not have taken so many already. */
  max: number;
  /** What is older is given to no call. */
  maxAgeMs: number;
  client: Omit<Client.Options, 'keepAliveMaxTimeout'>;
}

/**
 * The kept connections to one origin. The one that was used last is used next: what is needless falls idle, and its end
 * closes it. Each is given up at its age, so that what a name means now is asked again.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #all = new Set<Connection>();
  /** The one that was used last is last. */
  readonly #idle: Connection[] = [];

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** To be given back, or broken off, once. */
  take(longestIdleMs: number): Connection {
    const now = performance.now();
    for (let newest = this.#idle.at(-1); newest !== undefined; newest = this.#idle.at(-1)) {
      if (now - newest.idleSince > longestIdleMs) break;
      this.#idle.pop();
      if (!this.#isOld(newest, now)) return newest;
      this.#close(newest);
    }
    const oldest = this.#all.size < this.#options.max ? undefined : this.#idle.shift();
    if (oldest !== undefined) this.#close(oldest);
    return this.#add(now);
  }

  /** After a whole answer. */
  giveBack(connection: Connection): void {
    if (!this.#all.has(connection)) return;
    const now = performance.now();
    connection.idleSince = now;
    if (this.#isOld(connection, now)) this.#close(connection);
    else this.#idle.push(connection);
  }

  breakOff(connection: Connection): void {
    this.#all.delete(connection);
    void connection.client.destroy();
  }

  get open(): number {
    return this.#count(({ client }) => client.stats.connected);
  }

  get inUse(): number {
    return this.#count(({ client }) => client.stats.running > 0);
  }

  async destroy(): Promise<void> {
    const all = [...this.#all];
    // Nobody gets one of them any more: undici rejects what is asked of a client that was destroyed.
    this.#all.clear();
    this.#idle.length = 0;
    await Promise.all(all.map(({ client }) => client.destroy()));
  }

  #add(now: number): Connection {
    const { origin, client, maxAgeMs } = this.#options;
    // A server may promise to keep a connection for longer than it is wanted.
    const made = new Client(origin, { ...client, keepAliveMaxTimeout: maxAgeMs });
    const connection = { client: made, bornAt: now, idleSince: now };
    this.#all.add(connection);
    return connection;
  }

  #isOld({ bornAt }: Connection, now: number): boolean {
    return now - bornAt > this.#options.maxAgeMs;
  }

  /** When its call, if it has one, is over. */
  #close(connection: Connection): void {
    this.#all.delete(connection);
    void connection.client.close();
  }

  #count(isSo: (connection: Connection) => boolean): number {
    return Array.from(this.#all).filter(isSo).length;
  }
}
