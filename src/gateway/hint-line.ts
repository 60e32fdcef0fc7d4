import { setTimeout as pause } from 'node:timers/promises';
import type { CallbackTold } from '../client/tell-callback.ts';
import type { CallbackHint } from '../contract/request.ts';

/** From one signal to the next of a request. */
const GAP_MS = 1_000;

/** What a request is to be told, and whether it was. */
interface Next {
  hint: CallbackHint;
  told: Promise<CallbackTold>;
}

type Tell = (requestId: string, hint: CallbackHint) => Promise<CallbackTold>;

/**
 * Passes on what callbacks say: the first of a request at once, and all that come within a second of it together, when that
 * is over. Whoever is told that his was taken can rely on it: it was passed on by then.
 */
export class HintLine {
  readonly #tell: Tell;
  /** Of requests that were told something in the last second: when they may be told more. */
  readonly #free = new Map<string, Promise<void>>();
  /** What they are told then. */
  readonly #next = new Map<string, Next>();

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Rejects as the client does. */
  tell(requestId: string, hint: CallbackHint): Promise<CallbackTold> {
    const free = this.#free.get(requestId);
    if (free === undefined) return this.#send(requestId, hint);
    const waiting = this.#next.get(requestId);
    if (waiting !== undefined) {
      waiting.hint = { ...waiting.hint, providerRequestId: hint.providerRequestId ?? waiting.hint.providerRequestId };
      return waiting.told;
    }
    const next: Next = {
      hint,
      told: free.then(() => {
        this.#next.delete(requestId);
        return this.#send(requestId, next.hint);
      }),
    };
    this.#next.set(requestId, next);
    return next.told;
  }

  #send(requestId: string, hint: CallbackHint): Promise<CallbackTold> {
    const told = this.#tell(requestId, hint);
    const gap = pause(GAP_MS, undefined, { ref: false });
    const free = Promise.allSettled([told, gap]).then(() => void this.#free.delete(requestId));
    this.#free.set(requestId, free);
    return told;
  }
}
