import type { Operation } from '../contract/values.ts';
import { NoPermitError, WaitingLine } from './waiting-line.ts';
import {
  CALL_CLASSES,
  type BudgetRules,
  type BudgetState,
  type CallClass,
  type CallEnd,
  type Closure,
  type Permit,
  type PermitStore,
  type RateHint,
  type Room,
} from './rules.ts';

export { NoPermitError } from './waiting-line.ts';

/** The limit that every call to the provider passes, whoever makes it. */
export class CallBudget {
  readonly #rules: Pick<BudgetRules, 'limit' | 'windowMs'>;
  readonly #store: PermitStore;
  readonly #line: WaitingLine;
  #isDown = false;
  /** The store spoke of an outage, and has let no ordinary call through since. */
  #wasClosed = false;

  constructor(store: PermitStore, rules: Pick<BudgetRules, 'limit' | 'windowMs'>) {
    this.#rules = rules;
    this.#store = store;
    this.#line = new WaitingLine(store);
  }

  /**
   * A permit to send one call now. Who waits is served in the order of classes, and within one in the order of arrival.
   * @throws NoPermitError when there is none within 5 s; the signal's reason
   */
  async enter(callClass: CallClass, operation: Operation, signal?: AbortSignal): Promise<Permit> {
    try {
      const permit = await this.#line.enter(callClass, operation, signal);
      this.#wasClosed = permit.probe;
      return permit;
    } catch (error) {
      if (error instanceof NoPermitError) this.#wasClosed ||= error.closedBy === 'outage';
      throw error;
    }
  }

  /** Whether one more call could go out, besides `promised` ones and those of its class that wait here. */
  async room(callClass: CallClass, promised: number): Promise<Room> {
    const room = await this.#store.peek(callClass, promised + this.#line.waiting(callClass) + 1);
    this.#wasClosed ||= room.closedBy === 'outage';
    return room;
  }

  /** What keeps every call from going out, whether or not it has a permit: the provider asked us to wait, or is down. */
  closure(): Promise<Closure> {
    return this.#store.closure();
  }

  /** The same, as far as this process knows without asking. */
  get knownClosure(): Closure {
    return this.#store.knownClosure();
  }

  /** Whether an outage waits for a call that finds out whether it is over, and none is on its way. */
  async probeDue(): Promise<boolean> {
    // Who has met no outage need not ask: it would meet it with its permit.
    if (!this.#isDown && !this.#wasClosed) return false;
    return (await this.#store.closure()).probeDue;
  }

  /** Whether a call with it may still be sent; else it is to be given back. */
  isUsable(permit: Permit): boolean {
    return this.#store.isUsable(permit);
  }

  /** Never rejects, and need not be awaited. */
  arrived(permit: Permit): Promise<void> {
    return this.#store.arrived(permit);
  }

  /** Never rejects. Who asks for `isDown` afterwards awaits it; an answer need not. */
  async ended(permit: Permit, end: CallEnd): Promise<void> {
    const isAnswer = end.type === 'answered' || end.type === 'refused';
    if (isAnswer && permit.operation !== 'token') this.#isDown = false;
    this.#isDown = await this.#store.ended(permit, end);
  }

  /** What the provider said of the limit of one operation. Never rejects, and need not be awaited. */
  async heed(operation: Operation, hint: RateHint): Promise<void> {
    if (lowers(hint, this.#rules)) await this.#store.heed(operation, hint);
  }

  state(): Promise<BudgetState> {
    return this.#store.state();
  }

  /** False while calls cannot be counted: this process sends nothing then. */
  get isReady(): boolean {
    return this.#store.isReady;
  }

  /** Whether there is an outage, as of the latest call of this process that ended. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Calls of this process that wait for a permit. */
  get waiting(): number {
    return CALL_CLASSES.reduce((sum, callClass) => sum + this.#line.waiting(callClass), 0);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** Whether it can say less than our own limit: most answers of most providers do not. */
function lowers(
  { limit, windowMs, remaining, resetMs }: RateHint,
  ours: Pick<BudgetRules, 'limit' | 'windowMs'>,
): boolean {
  const isLonger = Math.max(windowMs ?? 0, resetMs ?? 0) > ours.windowMs;
  return (limit !== null && (limit < ours.limit || isLonger)) || (remaining !== null && remaining < ours.limit);
}
