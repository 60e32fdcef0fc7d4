import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { answerInTime } from '../../redis/answer-in-time.ts';
import type { RedisClient } from '../../redis/connect-redis.ts';
import type { BudgetRules, Permit } from './budget.ts';
import { FleetShare, type LastKnown } from './fleet-share.ts';
import { LogGoneError, RedisStore, type Beat, type Quiet } from './redis-store.ts';

const BEAT_MS = 1_000;
/** A Redis that is lost is looked for more often. */
const SEARCH_MS = 250;
/** How long the first connection may take before this worker says that Redis is lost. */
const FIRST_CONNECTION_MS = 1_000;
/** How often Redis may say that its log is not complete, while a beat says that it is. */
const ATTEMPTS = 3;

export interface FleetObserver {
  /**
   * Told once per change: false with the reason, when this process goes by its share; true when it counts in Redis
   * again. At the start only false is told.
   */
  shared(redisOk: boolean, why: string | null, workers: number): void;
}

export interface FleetMemberOptions {
  client: RedisClient;
  /** Names the budget in Redis: same provider and account, same scope. No braces. */
  scope: string;
  rules: BudgetRules;
  /** The most workers that run at once, as far as is known beforehand. */
  fleetSize: number;
  observer: FleetObserver;
  /** A clock that is never set back, in milliseconds. */
  now: () => number;
}

/**
 * This worker's place in the fleet. It beats every second, and knows from the answers whether Redis counts, or each
 * worker keeps to its share: then `share` is not null.
 *
 * | Redis | counted in |
 * |---|---|
 * | answers, and its log is complete | Redis |
 * | does not answer in time, or with nonsense | the share, at once, until it answers |
 * | answers again within half a window, and no call was made meanwhile | Redis: the log is still complete |
 * | answers again later; has lost its log; is new | the share, for a window and the longest call: see `quietUntil` |
 */
export class FleetMember {
  readonly #redis: RedisStore;
  readonly #options: FleetMemberOptions;
  readonly #worker = randomBytes(9).toString('base64url');
  /** Permits of calls that may not have arrived yet. */
  readonly #open = new Set<string>();
  /** Permits since the last beat, which its answer may not have shown. */
  #recent: string[] = [];
  #nextId = 0;
  #hasCalled = false;

  #share: FleetShare | null = null;
  #isReachable = false;
  /** Calls were made that Redis does not know of. */
  #unseen = false;
  /** When the latest command was sent that Redis has answered. */
  #answeredAt: number;

  #grant: number;
  #alone = false;
  #closedUntil = -Infinity;
  #lastBeat: Beat | null = null;
  /** The log as of the last beat: permit -> its stamp. */
  #entries = new Map<string, number>();
  #beating: Promise<void> | null = null;
  #started: Promise<void> | null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FleetMemberOptions) {
    const { client, scope, rules, fleetSize, now } = options;
    this.#options = options;
    this.#redis = new RedisStore({ client, scope, rules, worker: this.#worker });
    this.#grant = Math.floor(rules.limit / Math.max(1, fleetSize));
    this.#answeredAt = now();
    this.#started = this.#start();
  }

  /** Null while Redis counts. */
  get share(): FleetShare | null {
    return this.#share;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Workers that the limit is shared by; while Redis counts, those that live. */
  get workers(): number {
    const beat = this.#lastBeat;
    if (beat === null) return Math.max(1, this.#options.fleetSize);
    return this.#share === null ? beat.live : beat.workers;
  }

  /** Unique in the fleet. */
  newId(): string {
    return `${this.#worker}-${this.#nextId++}`;
  }

  /** What Redis answers while it counts, else this worker's share. */
  async counted<Answer extends Quiet>(command: (redis: RedisStore) => Promise<Answer>): Promise<Answer | FleetShare> {
    if (this.#started !== null && this.#share === null) {
      await answerInTime(this.#started).catch((error: unknown) => this.#lose(error));
    }
    for (let attempt = 0; attempt < ATTEMPTS && this.#share === null; attempt++) {
      const answer = await this.ask(command);
      // What Redis granted while this worker began to go by its share is not used.
      if (this.#share !== null) break;
      if (answer !== null && answer.quietMs <= 0) return answer;
      if (answer !== null) await this.#beat();
    }
    return this.#share ?? this.#lose(new LogGoneError());
  }

  /** What Redis answers; null when it is lost, or its log. */
  async ask<Answer>(command: (redis: RedisStore) => Promise<Answer>): Promise<Answer | null> {
    const sentAt = this.#options.now();
    try {
      const answer = await command(this.#redis);
      this.#answeredAt = Math.max(this.#answeredAt, sentAt);
      return answer;
    } catch (error) {
      this.#lose(error);
      return null;
    }
  }

  /** A permit is out. */
  taken(id: string): void {
    this.#open.add(id);
    this.#recent.push(id);
    this.#hasCalled = true;
  }

  /** A permit is out that is not in the log of Redis. */
  unseen(): void {
    this.#unseen = true;
  }

  arrived({ id }: Permit): void {
    this.#open.delete(id);
  }

  /** The provider asked us to wait for so long. */
  closedFor(ms: number): void {
    const now = this.#options.now();
    if (now + ms <= this.#closedUntil) return;
    this.#closedUntil = now + ms;
    this.#share?.close(ms, now);
  }

  /** This worker makes no more calls: the others get its share. */
  async leave(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#options.client.off('ready', this.#onReady);
    await this.#beating;
    if (this.#isReachable) await this.#redis.leave().catch(() => {});
  }

  readonly #onReady = (): void => void this.#beat();

  async #start(): Promise<void> {
    const { client } = this.#options;
    const signal = AbortSignal.timeout(FIRST_CONNECTION_MS);
    if (!client.isReady) await once(client, 'ready', { signal }).catch(() => {});
    if (this.#isClosed) return;
    await this.#beat();
    this.#started = null;
    if (this.#isClosed) return;
    client.on('ready', this.#onReady);
    this.#beatLater();
  }

  #beatLater(): void {
    const beat = async (): Promise<void> => {
      await this.#beat();
      if (!this.#isClosed) this.#beatLater();
    };
    this.#timer = setTimeout(() => void beat(), this.#isReachable ? BEAT_MS : SEARCH_MS).unref();
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#beatNow().finally(() => (this.#beating = null));
    return this.#beating;
  }

  async #beatNow(): Promise<void> {
    const { fleetSize, rules, now } = this.#options;
    const sentAt = now();
    // In a long absence the others, too, may have been away, and may not be back yet.
    const wasAway = !this.#isReachable && sentAt - this.#answeredAt >= rules.windowMs / 2;
    const unseen = this.#unseen || wasAway;
    const shown = this.#recent.length;
    this.#unseen = false;
    try {
      const workers = this.#lastBeat?.workers ?? 0;
      const beat = await this.#redis.beat({ fleetSize, workers, grant: this.#grant, alone: this.#alone, unseen });
      this.#answeredAt = sentAt;
      if (!beat.gone) this.#recent.splice(0, shown);
      this.#isReachable = true;
      this.#heed(beat);
    } catch (error) {
      this.#unseen ||= unseen;
      this.#lose(error);
    }
  }

  #heed(beat: Beat): void {
    const { observer, now } = this.#options;
    const isFirst = this.#lastBeat === null;
    this.#lastBeat = beat;
    const at = now();
    const entries = [...beat.entries].map(([id, fromNow]) => [id, at + fromNow] as const);
    // What Redis has lost still counts.
    this.#entries = new Map([...(beat.gone ? this.#entries : []), ...entries]);
    this.#grant = beat.grant;
    this.#alone = beat.alone;
    this.closedFor(beat.closedMs);
    if (beat.quietMs <= 0) {
      if (this.#share === null || this.#unseen) return;
      this.#share = null;
      observer.shared(true, null, this.workers);
      return;
    }
    // A new fleet on an empty Redis starts at once.
    if (this.#share === null || (isFirst && !this.#hasCalled)) {
      this.#goByShare(beat.gone && !isFirst, 'the log of calls in Redis is not complete');
    }
    this.#share?.regrant(beat.grant);
  }

  #lose(error: unknown): FleetShare {
    this.#isReachable = false;
    if (this.#share !== null) return this.#share;
    if (this.#lastBeat === null) this.#alone = this.#options.fleetSize <= 1;
    const why = error instanceof Error && this.#options.client.isReady ? error.message : 'no connection';
    return this.#goByShare(true, why);
  }

  /** @param others whether other workers may have made calls that are not known here */
  #goByShare(others: boolean, why: string): FleetShare {
    const { rules, now, observer } = this.#options;
    const isChange = this.#share === null;
    this.#share = new FleetShare(rules, this.#known(others && !this.#alone), now());
    if (isChange) observer.shared(false, why, this.workers);
    return this.#share;
  }

  #known(others: boolean): LastKnown {
    const now = this.#options.now();
    const stamps = new Map(this.#entries);
    for (const id of this.#recent) if (!stamps.has(id)) stamps.set(id, now);
    for (const [id, at] of stamps) {
      if (this.#open.has(id)) stamps.delete(id);
      // Its other calls have arrived.
      else if (id.startsWith(this.#worker)) stamps.set(id, Math.min(at, now));
    }
    return {
      grant: this.#grant,
      open: [...this.#open],
      stamps: [...stamps.values()],
      others,
      closedMs: Math.max(0, this.#closedUntil - now),
      failures: this.#lastBeat?.failures ?? 0,
      lowered: this.#lastBeat?.lowered ?? null,
    };
  }
}
