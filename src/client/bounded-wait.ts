import { setMaxListeners } from 'node:events';
import type { Client } from '@temporalio/client';

export interface WaitBounds {
  /** Unset: as long as it takes. */
  timeoutMs?: number | undefined;
  /** What the wait ends with when the time is over. */
  late?: () => Error;
  /** Each ends the wait with its reason. */
  signals?: readonly (AbortSignal | undefined)[];
}

/**
 * Waits for a long poll of the server, in bounded time. Not by a deadline of the call: in its last second the server
 * answers with nothing at once, and the SDK asks again at once, some five hundred times.
 * @throws what `wait` throws, `late()`, or the reason of one of `signals`
 */
export async function boundedWait<Result>(
  client: Pick<Client, 'withAbortSignal'>,
  wait: () => Promise<Result>,
  { timeoutMs, late, signals = [] }: WaitBounds,
): Promise<Result> {
  for (const signal of signals) signal?.throwIfAborted();
  const bounds = new AbortController();
  // The SDK leaves a listener behind for each poll, and Node.js warns of the eleventh.
  setMaxListeners(0, bounds.signal);
  const onAbort = ({ target }: Event): void => bounds.abort((target as AbortSignal).reason);
  for (const signal of signals) signal?.addEventListener('abort', onAbort, { once: true });
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => bounds.abort(late?.()), timeoutMs);
  const ended = new Promise<never>((_, reject) => {
    bounds.signal.addEventListener('abort', () => reject(bounds.signal.reason), { once: true });
  });
  try {
    return await Promise.race([ended, client.withAbortSignal(bounds.signal, wait)]);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal?.removeEventListener('abort', onAbort);
  }
}
