import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { answerInTime } from '../redis/answer-in-time.ts';
import type { ScriptedClient } from '../redis/connect-redis.ts';
import { explained, RedisRefusalError } from '../redis/redis-problems.ts';
import { OPERATIONS } from '../contract/values.ts';
import { FleetReply } from './fleet-reply.ts';
import { ABSENT_MS, LATE_MS, LONGEST_ALONE_MS } from './fleet-rules.ts';
import type { FLEET_SCRIPT } from './fleet-script.ts';
import type { BudgetRules } from './rules.ts';

const BEAT_MS = 1_000;
/** A Redis that is lost is looked for more often. */
const SEARCH_MS = 250;
/** How long the first connection may take before this worker says that there is none. */
const FIRST_CONNECTION_MS = 1_000;
/** A beat may be done so late: by then this worker is absent in Redis, its share kept. */
const SURELY_ABSENT_MS = ABSENT_MS + LATE_MS;

export interface FleetObserver {
  /**
   * Told once per change: false with the reason, when this process goes by its share, and again when it has done so for
   * too long and sends nothing, or when Redis refuses for another reason; true when it counts in Redis again. At the
   * start only false is told.
   */
  shared(redisOk: boolean, why: string | null, workers: number): void;
  /** Told when it begins: there are more workers than the shares are made for, which do not keep the limit any more. */
  tooManyWorkers(workers: number, fleetSize: number): void;
}

export interface FleetMemberOptions {
  client: ScriptedClient<{ callBudget: typeof FLEET_SCRIPT }>;
  /** Names the budget in Redis: same provider and account, same scope. No braces. */
  scope: string;
  rules: BudgetRules;
  /** The most workers that ever run at once. */
  fleetSize: number;
  observer: FleetObserver;
  /** Milliseconds, of a clock that is never set back. */
  now: () => number;
}

/** This worker's place in the fleet: it beats every second, and asks what the script is to do. */
export class FleetMember {
  readonly #options: FleetMemberOptions;
  readonly #worker = randomBytes(9).toString('base64url');
  readonly #keys: string[];
  #nextId = 0;
  #seq = 0;
  /** Redis's time less ours. */
  #offset: number | null = null;
  #isReachable = false;
  /** Why there is no connection, as far as is known. */
  #connectionError: Error | null = null;
  /** By our clock, the latest beat that Redis may have heard; null: it was never reached. */
  #beatenAt: number | null = null;
  /** The log in Redis is not complete: nobody gets a permit there. */
  #quietUntil = -Infinity;
  /** Not all calls of this worker are in the log, where its share is kept for it. */
  #asideUntil = -Infinity;
  /** It made calls by itself since its last beat. */
  #wentAside = false;
  /** The provider asked it to wait until then, and Redis has not said that it knows. */
  #closedUntil = -Infinity;
  #live = 0;
  /** Where its calls are counted, as was told last. */
  #counted: 'redis' | 'share' | 'nowhere' = 'redis';
  readonly #toldCauses = new Set<string>();
  #beating: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: FleetMemberOptions) {
    this.#options = options;
    // The braces keep them in one slot of a cluster.
    const keys = [...OPERATIONS.map((operation) => `log:${operation}`), 'state', 'members', 'aside'];
    this.#keys = keys.map((key) => `external-api:{${options.scope}}:${key}`);
    options.client.on('error', this.#onError);
    void this.#start();
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Whether it counts its share by itself, and tells Redis of each call. */
  get isAside(): boolean {
    return this.#options.now() < this.#asideUntil;
  }

  /** False while it has never reached Redis, and when it was by itself for too long. */
  get isReady(): boolean {
    return this.#isReachable || (this.#beatenAt !== null && !this.#wasAloneTooLong);
  }

  /** Workers that the limit is for: those that live, or as many as there may be. */
  get workers(): number {
    return this.#isReachable ? this.#live : this.#options.fleetSize;
  }

  /** Unique in the fleet. */
  newId(): string {
    return `${this.#worker}-${this.#nextId++}`;
  }

  /** Why it must not send by itself while Redis is lost; null: it may. */
  get alone(): { waitMs: number; closedBy: 'budget' } | null {
    const waitMs = this.aloneInMs;
    return waitMs === 0 ? null : { waitMs: Math.min(BEAT_MS, waitMs), closedBy: 'budget' };
  }

  /** Until it may send by itself while Redis is lost. Infinity: it may not before Redis answers. */
  get aloneInMs(): number {
    return this.#wasAloneTooLong ? Infinity : Math.max(0, this.#aloneFrom - this.#options.now());
  }

  /** It makes a call by itself. */
  goAside(): void {
    this.#wentAside = true;
  }

  /** The provider asked it to wait for so long: the next beat that is heard tells the others. */
  tellClosed(ms: number): void {
    this.#closedUntil = this.#options.now() + ms;
  }

  /** What Redis answers; null when it is lost. */
  async ask(command: string, ...args: string[]): Promise<FleetReply | null> {
    while (this.#isReachable) {
      try {
        const reply = await this.#run(command, ...args);
        if (reply.word === 'ok') return reply;
        // It has lost the log, or a part of it, since this worker has seen it.
        await this.#beat();
      } catch (error) {
        this.#lose(error);
      }
    }
    return null;
  }

  /** This worker makes no more calls: nobody keeps its share for it, unless Redis does not know of all its calls. */
  async leave(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#options.client.off('ready', this.#onReady);
    this.#options.client.off('error', this.#onError);
    await this.#beating;
    if (!this.#wentAside && !this.isAside) await this.ask('leave');
  }

  /** From then on its share is kept for this worker, and all that others sent before has left the window. */
  get #aloneFrom(): number {
    const { rules, fleetSize } = this.#options;
    if (this.#beatenAt === null) return Infinity;
    return fleetSize === 1 ? this.#beatenAt : this.#beatenAt + SURELY_ABSENT_MS + rules.windowMs + rules.longestCallMs;
  }

  /** The others do not keep its share any longer. A fleet of one has no others. */
  get #wasAloneTooLong(): boolean {
    const { fleetSize, now } = this.#options;
    return fleetSize > 1 && now() >= this.#aloneFrom + LONGEST_ALONE_MS;
  }

  async #start(): Promise<void> {
    const { client } = this.#options;
    const signal = AbortSignal.timeout(FIRST_CONNECTION_MS);
    if (!client.isReady) await once(client, 'ready', { signal }).catch(() => {});
    if (this.#isClosed) return;
    client.on('ready', this.#onReady);
    await this.#beatOn();
  }

  /** Commands run in the order in which they are sent: what is asked on a new connection comes after this beat. */
  readonly #onReady = (): void => {
    this.#connectionError = null;
    void this.#beat();
  };

  readonly #onError = (error: Error): void => {
    this.#connectionError = explained(error);
  };

  async #beatOn(): Promise<void> {
    await this.#beat();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#beatOn(), this.#isReachable ? BEAT_MS : SEARCH_MS).unref();
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#beatNow().finally(() => (this.#beating = null));
    return this.#beating;
  }

  async #beatNow(): Promise<void> {
    const { client, fleetSize, observer, now } = this.#options;
    let isHeard = client.isReady;
    const aside = this.#wentAside;
    this.#wentAside = false;
    const closedUntil = this.#closedUntil;
    try {
      const reply = await this.#run(
        'beat',
        aside ? '1' : '0',
        String(Math.max(0, closedUntil - now())),
        String(this.#live),
      );
      if (closedUntil === this.#closedUntil) this.#closedUntil = -Infinity;
      const live = reply.number();
      if (live > fleetSize && this.#live <= fleetSize) observer.tooManyWorkers(live, fleetSize);
      this.#live = live;
      this.#asideUntil = now() + reply.number();
      // A call that was made meanwhile is told with the next beat.
      this.#isReachable = !this.#wentAside;
      const isComplete = now() >= Math.max(this.#quietUntil, this.#asideUntil);
      this.#tell(isComplete ? 'redis' : 'share', 'the log of calls in Redis is not complete');
    } catch (error) {
      this.#wentAside ||= aside;
      if (error instanceof RedisRefusalError) isHeard = false;
      this.#lose(error);
    }
    if (isHeard && this.#beatenAt !== null) this.#beatenAt = now();
  }

  async #run(command: string, ...args: string[]): Promise<FleetReply> {
    const { client, rules, fleetSize, now } = this.#options;
    const { limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs } = rules;
    const numbers = [limit, windowMs, longestCallMs, outageAfter, probeMs, backoffMs, fleetSize].map(String);
    const sentAt = this.#offset === null ? '' : String(now() + this.#offset);
    const all = [command, '', sentAt, ...numbers, this.#worker, String(this.#seq), ...args];
    const reply = new FleetReply(await answerInTime(client.callBudget(this.#keys, all)));
    this.#offset = reply.word === 'late' ? null : reply.now - now();
    if (reply.word === 'late') throw new Error('Redis does commands a second after they were sent');
    if (reply.word === 'ok') {
      this.#seq = Math.max(this.#seq, reply.seq);
      this.#quietUntil = now() + reply.quietMs;
      this.#beatenAt ??= now();
    }
    return reply;
  }

  #lose(error: unknown): void {
    this.#isReachable = false;
    const isConnected = this.#options.client.isReady;
    const cause = isConnected && error instanceof Error ? error : this.#connectionError;
    const why = isConnected ? '' : `no connection${cause === null ? '' : ': '}`;
    const counted = this.#wasAloneTooLong ? 'nowhere' : 'share';
    const since = counted === 'nowhere' ? 'nothing is sent any more: for an hour, ' : '';
    this.#tell(counted, `${since}${why}${cause?.message ?? ''}`, cause instanceof RedisRefusalError);
  }

  /** @param isLasting a cause that is told, once, also when there was another one before */
  #tell(counted: 'redis' | 'share' | 'nowhere', why: string, isLasting = false): void {
    if (counted === this.#counted && (!isLasting || this.#toldCauses.has(why))) return;
    this.#counted = counted;
    const isShared = counted === 'redis';
    if (isShared) this.#toldCauses.clear();
    else this.#toldCauses.add(why);
    this.#options.observer.shared(isShared, isShared ? null : why, this.workers);
  }
}
