import { setTimeout as delay } from 'node:timers/promises';

export class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * What `promise` gives within `ms`.
 * @throws LateError when it is late; what it gives then is lost
 */
export function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new LateError(`no answer within ${ms / 1000} s`));
    // What came while this process itself was frozen or busy is read before the immediate runs.
    const timer = setTimeout(() => setImmediate(late), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Returns after `ms`, or when `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
