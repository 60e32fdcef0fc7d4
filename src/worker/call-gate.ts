import type { CustomSlotSupplier, ActivitySlotInfo, SlotPermit } from '@temporalio/worker';
import type { CallBudget } from '../call-budget/call-budget.ts';
import type { CallClass } from '../call-budget/rules.ts';

/** A permit on its way may come back early, and room is shared with other processes. */
const LOOK_AGAIN_MS = 250;

interface Slot extends SlotPermit {
  idle: boolean;
  /** Let through although there was no room. */
  ahead: boolean;
}

/**
 * Keeps a worker from polling for calls that may not be sent yet: they wait in Temporal's queue, in its order, without
 * history, attempts or slots. It only looks at the budget; the exact permit is taken right before the bytes leave, since
 * an open poll may wait long for its task.
 */
export class CallGate implements CustomSlotSupplier<ActivitySlotInfo> {
  readonly type = 'custom';
  readonly #budget: Pick<CallBudget, 'room'>;
  readonly #callClass: CallClass;
  readonly #maxSlots: number;
  #open = 0;
  /** Slots whose poll has brought no task yet: each may bring one at any time. */
  #idle = 0;
  #isAhead = false;
  #onRelease: () => void = () => {};

  constructor(budget: Pick<CallBudget, 'room'>, callClass: CallClass, maxSlots: number) {
    this.#budget = budget;
    this.#callClass = callClass;
    this.#maxSlots = maxSlots;
  }

  async reserveSlot(_context: unknown, signal: AbortSignal): Promise<Slot> {
    for (;;) {
      if (signal.aborted) throw signal.reason as Error;
      if (this.#open < this.#maxSlots) {
        const { waitMs, closedBy } = await this.#budget.room(this.#callClass, this.#idle);
        const ahead = closedBy === 'budget' && this.#callClass === 'poll' && !this.#isAhead;
        if ((waitMs === 0 || ahead) && !signal.aborted) return this.#openSlot(ahead);
        await this.#pause(Math.min(waitMs, LOOK_AGAIN_MS), signal);
      } else await this.#pause(null, signal);
    }
  }

  /** For eager tasks, which would not wait for the budget. */
  tryReserveSlot(): null {
    return null;
  }

  markSlotUsed({ permit }: { permit: SlotPermit }): void {
    this.#leaveIdle(permit as Slot);
  }

  releaseSlot({ permit }: { permit: SlotPermit }): void {
    this.#leaveIdle(permit as Slot);
    if ((permit as Slot).ahead) this.#isAhead = false;
    this.#open--;
    this.#onRelease();
  }

  #openSlot(ahead: boolean): Slot {
    this.#open++;
    this.#idle++;
    this.#isAhead ||= ahead;
    return { idle: true, ahead };
  }

  #leaveIdle(slot: Slot): void {
    if (slot.idle) this.#idle--;
    slot.idle = false;
  }

  /** Until `ms` have passed (null: until a slot is free), or the signal aborts. */
  #pause(ms: number | null, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(done, ms);
      if (ms === null) this.#onRelease = done;
      signal.addEventListener('abort', done);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}
