import type { CustomSlotSupplier, ActivitySlotInfo, SlotPermit } from '@temporalio/worker';
import type { CallBudget } from '../provider/call-budget/call-budget.ts';
import type { CallClass } from '../provider/call-budget/budget.ts';

/** A permit on its way may come back early, and room is shared with other processes. */
const LOOK_AGAIN_MS = 250;

interface Slot extends SlotPermit {
  idle: boolean;
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
        const { waitMs } = await this.#budget.room(this.#callClass, this.#idle);
        if (waitMs === 0 && !signal.aborted) break;
        await this.#pause(Math.min(waitMs, LOOK_AGAIN_MS), signal);
      } else await this.#pause(null, signal);
    }
    this.#open++;
    this.#idle++;
    return { idle: true };
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
    this.#open--;
    this.#onRelease();
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
