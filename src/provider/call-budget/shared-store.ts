import type { BudgetState, CallClass, CallEnd, Permit, PermitStore, RateHint, Room, Taken } from './budget.ts';
import { now } from './clock.ts';
import { FleetMember, type FleetMemberOptions } from './fleet-member.ts';
import { FleetShare } from './fleet-share.ts';
import type { RedisStore } from './redis-store.ts';

export type SharedStoreOptions = Omit<FleetMemberOptions, 'now'>;

/**
 * The budget of a fleet: counted in Redis while it is well, else each process keeps to its share. Nothing rejects, and
 * nothing waits longer than 300 ms for Redis.
 */
export function createSharedStore(options: SharedStoreOptions): PermitStore {
  return new SharedStore(options);
}

class SharedStore implements PermitStore {
  readonly #rules: SharedStoreOptions['rules'];
  readonly #member: FleetMember;

  constructor(options: SharedStoreOptions) {
    this.#rules = options.rules;
    this.#member = new FleetMember({ ...options, now });
  }

  async take(callClass: CallClass): Promise<Taken> {
    const id = this.#member.newId();
    const counted = await this.#member.counted((redis) => redis.take(callClass, id, false));
    if (counted instanceof FleetShare) return await this.#takeFrom(counted, callClass, id);
    if (counted.taken.permit !== null) this.#member.taken(id);
    else this.#noteClosed(counted.taken);
    return counted.taken;
  }

  async #takeFrom(share: FleetShare, callClass: CallClass, id: string): Promise<Taken> {
    const taken = share.take(callClass, id, now());
    if (taken.permit === null) return taken;
    this.#member.taken(id);
    const told = this.#member.isReachable ? await this.#member.ask((redis) => redis.take(callClass, id, true)) : null;
    if (told === null) {
      this.#member.unseen();
      return taken;
    }
    if (told.taken.permit !== null) return { permit: { id, probe: taken.permit.probe || told.taken.permit.probe } };
    // The provider asked another worker to wait, or is down.
    this.#noteClosed(told.taken);
    share.ended(taken.permit, { type: 'unsent' }, now(), 0);
    this.#member.arrived(taken.permit);
    return told.taken;
  }

  async peek(callClass: CallClass, calls: number): Promise<Room> {
    const counted = await this.#member.counted((redis) => redis.peek(callClass, calls, false));
    if (!(counted instanceof FleetShare)) return this.#noteClosed(counted);
    const room = counted.peek(callClass, calls, now());
    if (room.closedBy !== null || !this.#member.isReachable) return room;
    const told = await this.#member.ask((redis) => redis.peek(callClass, calls, true));
    return told === null ? room : this.#noteClosed(told);
  }

  async arrived(permit: Permit): Promise<void> {
    this.#member.arrived(permit);
    await this.#tell(
      (share) => share.arrived(permit, now()),
      (redis) => redis.arrived(permit),
    );
  }

  async ended(permit: Permit, end: CallEnd): Promise<void> {
    const random = Math.random();
    if (end.type === 'refused' && end.retryAfterMs !== null) this.#member.closedFor(end.retryAfterMs);
    await this.#tell(
      (share) => share.ended(permit, end, now(), random),
      (redis) => redis.ended(permit, end, random),
    );
    this.#member.arrived(permit);
  }

  async heed(hint: RateHint): Promise<void> {
    await this.#tell(
      (share) => share.heed(hint, now()),
      (redis) => redis.heed(hint),
    );
  }

  async state(): Promise<BudgetState> {
    const counted = await this.#member.counted((redis) => redis.state());
    const { workers } = this.#member;
    if (counted instanceof FleetShare) return { ...counted.state(now()), countedIn: 'share', workers };
    const { limit, windowMs } = this.#rules;
    const { used, waitMs, closedBy, bulkWaitMs, failures, lowered } = counted;
    return { limit, windowMs, used, waitMs, closedBy, bulkWaitMs, failures, lowered, countedIn: 'redis', workers };
  }

  close(): Promise<void> {
    return this.#member.leave();
  }

  /** Both count while the log in Redis is not complete. */
  async #tell(inShare: (share: FleetShare) => void, inRedis: (redis: RedisStore) => Promise<void>): Promise<void> {
    const { share } = this.#member;
    if (share !== null) inShare(share);
    if (!this.#member.isReachable) return;
    const told = await this.#member.ask(inRedis);
    if (told === null && share === null && this.#member.share !== null) inShare(this.#member.share);
  }

  #noteClosed<Answer extends Room>(room: Answer): Answer {
    if (room.closedBy === 'cool_down') this.#member.closedFor(room.waitMs);
    return room;
  }
}
