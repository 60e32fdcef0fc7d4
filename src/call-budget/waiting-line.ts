import type { ClosedBy, Operation } from '../contract/values.ts';
import { CALL_CLASSES, LONGEST_WAIT_MS, type CallClass, type Permit, type PermitStore, type Taken } from './rules.ts';

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

interface Waiter {
  readonly operation: Operation;
  readonly giveUpAt: number;
  resolve(permit: Permit): void;
  reject(error: unknown): void;
}

/** Those of one process who wait for a permit, served in the order of {@link CALL_CLASSES}, then of arrival, each as far as there is a permit for it. */
export class WaitingLine {
  readonly #store: Pick<PermitStore, 'take' | 'ended'>;
  readonly #queues: Record<CallClass, Set<Waiter>>;
  /** Calls whose first look has not been answered. */
  readonly #asking: Record<CallClass, number>;
  #timer: NodeJS.Timeout | undefined;
  #lookAt = Infinity;
  #isServing = false;

  constructor(store: Pick<PermitStore, 'take' | 'ended'>) {
    this.#store = store;
    this.#queues = { token: new Set(), poll: new Set(), interactive: new Set(), bulk: new Set() };
    this.#asking = { token: 0, poll: 0, interactive: 0, bulk: 0 };
  }

  waiting(callClass: CallClass): number {
    return this.#queues[callClass].size + this.#asking[callClass];
  }

  /** @throws NoPermitError when there is no permit within 5 s; the signal's reason */
  async enter(callClass: CallClass, operation: Operation, signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted();
    const giveUpAt = performance.now() + LONGEST_WAIT_MS;
    if (!this.#isBehind(callClass)) {
      this.#asking[callClass]++;
      const taken = await this.#store.take(callClass, operation).finally(() => this.#asking[callClass]--);
      if (taken.permit !== null) return this.#unlessAborted(taken.permit, signal);
      signal?.throwIfAborted();
      if (performance.now() + taken.waitMs > giveUpAt) throw new NoPermitError(taken.closedBy, taken.waitMs);
      this.#lookIn(taken.waitMs);
    } else if (!this.#waitsAlready(callClass, operation)) {
      // Those before it may wait for what it does not need.
      this.#lookIn(0);
    }
    const permit = await this.#waitIn(this.#queues[callClass], operation, giveUpAt, signal);
    return this.#unlessAborted(permit, signal);
  }

  #isBehind(callClass: CallClass): boolean {
    const upTo = CALL_CLASSES.indexOf(callClass) + 1;
    return CALL_CLASSES.slice(0, upTo).some((each) => this.#queues[each].size > 0);
  }

  #waitsAlready(callClass: CallClass, operation: Operation): boolean {
    return [...this.#queues[callClass]].some((waiter) => waiter.operation === operation);
  }

  #unlessAborted(permit: Permit, signal: AbortSignal | undefined): Permit {
    if (signal?.aborted !== true) return permit;
    void this.#store.ended(permit, { type: 'unsent' });
    throw signal.reason;
  }

  #waitIn(
    queue: Set<Waiter>,
    operation: Operation,
    giveUpAt: number,
    signal: AbortSignal | undefined,
  ): Promise<Permit> {
    let onAbort = (): void => {};
    const permit = new Promise<Permit>((resolve, reject) => {
      const waiter: Waiter = { operation, giveUpAt, resolve, reject };
      queue.add(waiter);
      onAbort = () => {
        queue.delete(waiter);
        reject(signal?.reason as Error);
      };
    });
    signal?.addEventListener('abort', onAbort);
    return permit.finally(() => signal?.removeEventListener('abort', onAbort));
  }

  #lookIn(ms: number): void {
    const at = performance.now() + Math.min(ms, LOOK_AGAIN_MS);
    if (at >= this.#lookAt) return;
    this.#lookAt = at;
    if (!this.#isServing) this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#lookAt !== Infinity) this.#timer = setTimeout(() => void this.#serve(), this.#lookAt - performance.now());
  }

  async #serve(): Promise<void> {
    this.#isServing = true;
    // Who asks for a look from here on may have come too late for this one.
    this.#lookAt = Infinity;
    let waitMs = Infinity;
    for (const callClass of CALL_CLASSES) waitMs = Math.min(waitMs, await this.#serveClass(callClass));
    if (CALL_CLASSES.some((each) => this.#queues[each].size > 0)) this.#lookIn(waitMs);
    this.#isServing = false;
    this.#setTimer();
  }

  /**
   * In turn. Those of an operation that got no permit wait on, or give up when they could not wait for it; those of
   * another one are asked for all the same. Returns for how long the ones who are left are to wait.
   */
  async #serveClass(callClass: CallClass): Promise<number> {
    const queue = this.#queues[callClass];
    const refused = new Map<Operation, number>();
    for (const waiter of queue) {
      if (refused.has(waiter.operation)) continue;
      const taken = await this.#store.take(callClass, waiter.operation);
      if (taken.permit === null) {
        refused.set(waiter.operation, taken.waitMs);
        this.#giveUp(queue, waiter.operation, taken);
      } else if (queue.delete(waiter)) waiter.resolve(taken.permit);
      else void this.#store.ended(taken.permit, { type: 'unsent' });
    }
    return Math.min(...refused.values());
  }

  #giveUp(queue: Set<Waiter>, operation: Operation, { closedBy, waitMs }: Exclude<Taken, { permit: Permit }>): void {
    for (const waiter of queue) {
      if (waiter.operation !== operation || performance.now() + waitMs <= waiter.giveUpAt) continue;
      queue.delete(waiter);
      waiter.reject(new NoPermitError(closedBy, waitMs));
    }
  }
}
