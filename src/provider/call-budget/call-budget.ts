import { setTimeout as delay } from 'node:timers/promises';
import {
  REOPENING_MS,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type ClosedBy,
  type Permit,
  type PermitStore,
  type RateHint,
  type Room,
} from './budget.ts';

/** Who waits longer than this inside an activity gives its turn back, and waits in Temporal's queue. */
const LONGEST_WAIT_MS = 5_000;
/** A permit that is on its way may come back earlier than its stamp says. */
const LOOK_AGAIN_MS = 1_000;

/** No permit in time: nothing was sent. */
export class NoPermitError extends Error {
  readonly closedBy: ClosedBy;
  /** Until there is one, as far as is known. */
  readonly waitMs: number;

  constructor(closedBy: ClosedBy, waitMs: number) {
    super(`no permit: ${closedBy}`);
    this.closedBy = closedBy;
    this.waitMs = waitMs;
  }
}

/** The limit that every call to the provider passes, whoever makes it. */
export class CallBudget {
  readonly rules: Readonly<Pick<BudgetRules, 'limit' | 'windowMs'>>;
  readonly #store: PermitStore;
  #waiting = 0;
  #isDown = false;

  constructor(store: PermitStore, rules: Pick<BudgetRules, 'limit' | 'windowMs'>) {
    this.rules = rules;
    this.#store = store;
  }

  /**
   * A permit to send one call now.
   * @throws NoPermitError when there is none within 5 s; the signal's reason
   */
  async enter(callClass: CallClass, signal?: AbortSignal): Promise<Permit> {
    const giveUpAt = performance.now() + LONGEST_WAIT_MS;
    this.#waiting++;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const taken = await this.#store.take(callClass);
        if (taken.permit !== null) return taken.permit;
        const { waitMs, closedBy } = taken;
        if (performance.now() + waitMs > giveUpAt) throw new NoPermitError(closedBy, waitMs);
        await delay(Math.min(waitMs, LOOK_AGAIN_MS), undefined, { signal }).catch(() => signal?.throwIfAborted());
      }
    } finally {
      this.#waiting--;
    }
  }

  /** Whether one more call could go out, besides `promised` ones and those that wait here. */
  async room(callClass: CallClass, promised: number): Promise<Room> {
    return await this.#store.peek(callClass, promised + this.waiting + 1);
  }

  /** What keeps every call from going out, whether or not it has a permit: the provider asked us to wait, or is down. */
  async closure(): Promise<Room> {
    const room = await this.#store.peek('token', 0);
    // In the second after a wait calls go out by turns, and who has a permit has had its turn.
    const isOpen = room.closedBy === 'budget' || (room.closedBy === 'cool_down' && room.waitMs <= REOPENING_MS);
    return isOpen ? { waitMs: 0, closedBy: null } : room;
  }

  arrived(permit: Permit): Promise<void> {
    return this.#store.arrived(permit);
  }

  async ended(permit: Permit, end: CallEnd): Promise<void> {
    await this.#store.ended(permit, end);
    if (end.type === 'answered' || end.type === 'refused') this.#isDown = false;
    else if (end.type === 'failed' || end.type === 'unreachable') {
      this.#isDown = (await this.#store.peek('token', 1)).closedBy === 'outage';
    }
  }

  heed(hint: RateHint): Promise<void> {
    return this.#store.heed(hint);
  }

  state(): Promise<BudgetState> {
    return this.#store.state();
  }

  /** Whether there is an outage, as of the latest call of this process that ended. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Calls of this process that wait for a permit. */
  get waiting(): number {
    return this.#waiting;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
