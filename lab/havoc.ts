import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Cancels } from './cancels.ts';
import type { Interval } from './closed-times.ts';
import { type Blow, type Harm, killDelay } from './havoc-plan.ts';
import { closingFault } from './provider-faults.ts';
import { lookInHands, type Death } from './recovery.ts';
import type { Service } from './service.ts';
import type { Stack } from './stack.ts';
import { listUnsettled } from './unsettled.ts';

/** Requests that are cancelled while nothing can become of them. */
const CANCELLED_AT_ONCE = 8;
const ALL_DEAD_MS = 1_500;

export interface HavocOptions {
  stack: Stack;
  temporal: Client;
  cancels: Cancels;
  blows: readonly Blow[];
  /** At most so many workers are killed one at a time. */
  kills: number;
  random: () => number;
  /** How many requests were accepted so far. */
  accepted: () => number;
  /** Whether all are: then nothing new is begun. */
  isOver: () => boolean;
  say: (line: string) => void;
}

/** Does the harm that was planned, while requests are on their way. */
export class Havoc {
  readonly deaths: { killed: Death[]; frozen: Death[] } = { killed: [], frozen: [] };
  /** How often each blow was struck. */
  readonly blows: Partial<Record<Harm['what'], number>> = {};
  /** When the provider was closed by a blow. */
  readonly closures: Interval[] = [];
  /** When the Temporal server was killed. */
  readonly temporalLostAt: number[] = [];
  /** When Redis was paused or restarted. */
  readonly redisLostAt: number[] = [];
  readonly #options: HavocOptions;
  readonly #underWay = new Set<Promise<void>>();
  #singleKills = 0;
  /** While all workers are being killed, none is killed alone. */
  #isHolding = false;
  #blowsAreOver = false;

  constructor(options: HavocOptions) {
    this.#options = options;
  }

  /** Resolves when all harm is done and every process is up again. */
  async run(): Promise<void> {
    await Promise.all([this.#strikeBlows(), this.#killWorkers()]);
    await Promise.all(this.#underWay);
  }

  async #strikeBlows(): Promise<void> {
    const { blows, accepted, say } = this.#options;
    for (const blow of blows) {
      while (accepted() < blow.after) await delay(50);
      say(`  ${described(blow)} after ${accepted()} requests`);
      this.blows[blow.what] = (this.blows[blow.what] ?? 0) + 1;
      const strike = this.#strike(blow);
      // The others are over before the next begins: it would be another blow in their middle.
      if (blow.what === 'freeze-worker' || blow.what === 'restart-gateway') this.#track(strike);
      else await strike;
    }
    await Promise.all(this.#underWay);
    this.#blowsAreOver = true;
  }

  async #strike(blow: Blow): Promise<void> {
    const { temporal, gateway, redis } = this.#options.stack;
    switch (blow.what) {
      case 'freeze-worker':
        return await this.#freezeWorker(blow.forMs);
      case 'kill-all-workers':
        return await this.#killAllWorkers();
      case 'restart-temporal':
        this.temporalLostAt.push(Date.now());
        return await temporal.restart();
      case 'restart-gateway':
        return await gateway.restart(blow.signal);
      case 'close-provider':
        return await this.#closeProvider(blow.forMs);
      case 'pause-redis':
        this.redisLostAt.push(Date.now());
        redis.pause();
        await delay(blow.forMs);
        return redis.resume();
      case 'restart-redis':
        this.redisLostAt.push(Date.now());
        return await redis.restart();
    }
  }

  async #freezeWorker(forMs: number): Promise<void> {
    let worker: Service | undefined;
    while ((worker = this.#living()[0]) === undefined) await delay(50);
    const thaw = delay(forMs);
    await this.#stop(worker, this.deaths.frozen);
    await thaw;
    worker.resume();
  }

  async #killAllWorkers(): Promise<void> {
    const { workers } = this.#options.stack;
    this.#isHolding = true;
    while (!workers.every(({ isReady }) => isReady)) await delay(50);
    await Promise.all(workers.map((worker) => this.#stop(worker, this.deaths.killed)));
    await Promise.all(workers.map((worker) => worker.end()));
    await Promise.all([this.#cancelSome('all workers are dead'), delay(ALL_DEAD_MS)]);
    await Promise.all(workers.map((worker) => worker.start()));
    this.#isHolding = false;
  }

  async #closeProvider(forMs: number): Promise<void> {
    await this.#options.stack.script([closingFault(forMs)]);
    const from = Date.now();
    this.closures.push({ from, to: from + forMs });
    await Promise.all([this.#cancelSome('the provider is closed'), delay(forMs)]);
  }

  async #cancelSome(why: string): Promise<void> {
    const { temporal, cancels } = this.#options;
    const requestIds = await listUnsettled(temporal, CANCELLED_AT_ONCE).catch(() => []);
    await Promise.all(requestIds.map((requestId) => cancels.cancel(requestId, why)));
  }

  async #killWorkers(): Promise<void> {
    const { kills, random, isOver } = this.#options;
    while (this.#singleKills < kills && !(isOver() && this.#blowsAreOver)) {
      await delay(killDelay(random));
      const choice = random();
      const candidates = this.#living();
      const victim = candidates[Math.floor(choice * candidates.length)];
      if (victim === undefined || this.#isHolding) continue;
      this.#singleKills += 1;
      this.#track(this.#kill(victim));
    }
  }

  /** What it had in hand is looked at between its last moment and the signal that ends it. */
  async #kill(worker: Service): Promise<void> {
    await this.#stop(worker, this.deaths.killed);
    await worker.restart();
  }

  async #stop(worker: Service, list: Death[]): Promise<void> {
    const death: Death = { pid: worker.freeze(), at: Date.now(), seen: [] };
    list.push(death);
    death.seen = await lookInHands(this.#options.temporal);
  }

  #living(): Service[] {
    return this.#options.stack.workers.filter(({ isReady, isFrozen }) => isReady && !isFrozen);
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.then(() => this.#underWay.delete(work));
  }
}

function described(blow: Blow): string {
  if ('forMs' in blow) return `${blow.what} for ${blow.forMs / 1000} s`;
  return 'signal' in blow ? `${blow.what} (${blow.signal})` : blow.what;
}
