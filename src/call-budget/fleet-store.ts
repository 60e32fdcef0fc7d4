import type { Operation } from '../contract/values.ts';
import { FleetMember, type FleetMemberOptions } from './fleet-member.ts';
import { PermitLog } from './permit-log.ts';
import {
  LONGEST_COOL_DOWN_MS,
  OPEN,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type Closure,
  type Permit,
  type PermitStore,
  type RateHint,
  type Room,
  type Taken,
} from './rules.ts';

/**
 * The budget of a fleet, in Redis. Nothing rejects, and what Redis does not answer in 300 ms is done without it.
 *
 * | Redis                      | this worker                                                                         |
 * |----------------------------|-------------------------------------------------------------------------------------|
 * | was never reached          | sends nothing, and is not ready                                                     |
 * | answers                    | counts there                                                                        |
 * | does not answer            | sends nothing while others may use the whole limit; then its share, for an hour;    |
 * |                            | then nothing, and is not ready                                                      |
 * | answers again              | counts there; if it has sent by itself, it keeps to its share, and counts there too |
 * |                            | until what it has not told of has left the window                                   |
 * | has lost calls that anyone | sends nothing until they have left the window                                       |
 * | has seen there             |                                                                                     |
 * | was restarted              | sends nothing for 5 s, and until all are back who were there, or what they may have |
 * |                            | sent has left the window                                                            |
 *
 * While a worker may send by itself, the others have the limit less its share. A fleet of one has all of it as its share,
 * and never waits.
 */
export class FleetStore implements PermitStore {
  readonly #options: FleetMemberOptions;
  readonly #member: FleetMember;
  /** All calls of this worker, with its share as the limit. */
  readonly #share: PermitLog;

  constructor(options: FleetMemberOptions) {
    const { rules, fleetSize } = options;
    this.#options = options;
    this.#member = new FleetMember(options);
    this.#share = new PermitLog({ ...rules, limit: Math.floor(rules.limit / fleetSize) });
  }

  get isReady(): boolean {
    return this.#member.isReady;
  }

  async take(callClass: CallClass, operation: Operation): Promise<Taken> {
    const coolDown = this.#coolDown();
    if (coolDown !== null) return { permit: null, ...coolDown };
    const id = this.#member.newId();
    const useBy = this.#now + this.#options.rules.longestHeldMs;
    if (this.#member.isReachable) {
      const own = this.#member.isAside ? this.#share.take(callClass, operation, this.#now, id) : null;
      if (own !== null && own.permit === null) return own;
      const reply = await this.#member.ask('take', callClass, operation, id, flag(own !== null));
      if (reply?.text() === 'granted') {
        const permit = { id, operation, probe: reply.flag(), outages: reply.number(), useBy };
        if (own === null) this.#share.record(permit, this.#now);
        return { permit };
      }
      if (own !== null) this.#share.ended(own.permit, { type: 'unsent' }, this.#now, 0);
      if (reply !== null) {
        const { waitMs, closedBy } = this.#noteClosed(reply.room());
        return { permit: null, waitMs, closedBy: closedBy ?? 'budget' };
      }
    }
    const { alone } = this.#member;
    if (alone !== null) return { permit: null, ...alone };
    const taken = this.#share.take(callClass, operation, this.#now, id);
    if (taken.permit !== null) this.#member.goAside();
    return taken;
  }

  async peek(callClass: CallClass, calls: number): Promise<Room> {
    const coolDown = this.#coolDown();
    if (coolDown !== null) return coolDown;
    if (this.#member.isReachable) {
      const { isAside } = this.#member;
      const own = isAside ? this.#share.peek(callClass, calls, this.#now) : null;
      if (own !== null && own.closedBy !== null) return own;
      const reply = await this.#member.ask('peek', callClass, String(calls), flag(isAside));
      if (reply !== null) return this.#noteClosed(reply.room());
    }
    return this.#member.alone ?? this.#share.peek(callClass, calls, this.#now);
  }

  async closure(): Promise<Closure> {
    const known = this.knownClosure();
    if (known.closedBy !== null) return known;
    const reply = await this.#member.ask('closure');
    return reply?.closure() ?? this.#share.closure(this.#now);
  }

  /** Of the others' outages only Redis knows. */
  knownClosure(): Closure {
    const coolDown = this.#coolDown();
    return coolDown === null ? OPEN : { ...coolDown, probeDue: false };
  }

  isUsable(permit: Permit): boolean {
    return this.#now < permit.useBy;
  }

  async arrived(permit: Permit): Promise<void> {
    this.#share.arrived(permit, this.#now);
    await this.#member.ask('arrived', permit.operation, permit.id);
  }

  async ended(permit: Permit, end: CallEnd): Promise<boolean> {
    const random = Math.random();
    this.#share.ended(permit, end, this.#now, random);
    const { id, operation, probe, outages } = permit;
    const retryAfterMs = end.type === 'refused' ? end.retryAfterMs : null;
    const how = [flag(probe), String(outages), end.type, optional(retryAfterMs), String(random)];
    const reply = await this.#member.ask('ended', operation, id, ...how);
    if (reply === null && end.type === 'refused') this.#member.tellClosed(this.#coolDown()?.waitMs ?? 0);
    return reply?.flag() ?? this.#share.isDown;
  }

  /** The provider speaks of all workers. */
  async heed(operation: Operation, hint: RateHint): Promise<void> {
    const { limit, windowMs, remaining, resetMs } = hint;
    const part = (calls: number | null): number | null =>
      calls === null ? null : Math.floor(calls / this.#options.fleetSize);
    this.#share.heed(operation, { limit: part(limit), windowMs, remaining: part(remaining), resetMs }, this.#now);
    await this.#member.ask('heed', operation, ...[limit, windowMs, remaining, resetMs].map(optional));
  }

  async state(): Promise<BudgetState> {
    const { limit, windowMs } = this.#options.rules;
    const reply = await this.#member.ask('state');
    const { alone, aloneInMs, isAside, workers } = this.#member;
    if (reply !== null && !isAside) {
      const [used, room] = [reply.number(), reply.room()];
      const [bulkWaitMs, failures] = [reply.number(), reply.number()];
      const [kept, lowered] = [reply.number(), reply.optionalNumber()];
      return { limit, windowMs, used, ...room, bulkWaitMs, failures, kept, lowered, countedIn: 'redis', workers };
    }
    const own = { ...this.#share.state(this.#now), countedIn: 'share', workers } as const;
    if (reply !== null || alone === null) return own;
    // Who waits looks again sooner: Redis may be back. For a person it is when Redis stays away.
    const waitMs = Number.isFinite(aloneInMs) ? aloneInMs : alone.waitMs;
    return { ...own, ...alone, waitMs, bulkWaitMs: waitMs };
  }

  close(): Promise<void> {
    return this.#member.leave();
  }

  get #now(): number {
    return this.#options.now();
  }

  /** What the provider asked this worker to wait for. Redis may not know of it, when it was lost meanwhile. */
  #coolDown(): { waitMs: number; closedBy: 'cool_down' } | null {
    const { waitMs, closedBy } = this.#share.closure(this.#now);
    return closedBy === 'cool_down' ? { waitMs, closedBy } : null;
  }

  #noteClosed(room: Room): Room {
    // A longer one is of nobody's making: the next beat clears it away.
    const isOurs = room.closedBy === 'cool_down' && room.waitMs <= LONGEST_COOL_DOWN_MS;
    if (isOurs) this.#share.close(room.waitMs, this.#now);
    return room;
  }
}

function flag(value: boolean): string {
  return value ? '1' : '0';
}

function optional(value: number | null): string {
  return value === null ? '' : String(value);
}
