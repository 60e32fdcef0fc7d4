import { getEventListeners } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { boundedWait } from '../../src/client/bounded-wait.ts';

/** As the SDK's: what runs in `use` sees the signal. */
let seen: AbortSignal;
const client = {
  withAbortSignal: async <Result>(signal: AbortSignal, use: () => Promise<Result>): Promise<Result> => {
    seen = signal;
    return await use();
  },
};
const never = (): Promise<never> => new Promise<never>(() => {});
const late = (): Error => new Error('too late');

afterEach(() => vi.useRealTimers());

test('[C4] a wait ends with its time, and cancels the call that is under way', async () => {
  vi.useFakeTimers();
  const wait = boundedWait(client, never, { timeoutMs: 300, late }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(299);
  expect(seen.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await wait).toEqual(late());
  expect(seen.aborted).toBe(true);
});

test('[C4] a wait ends with its signal and the reason of that, and leaves nothing at the signal', async () => {
  const caller = new AbortController();
  const reason = new Error('the caller went away');
  const wait = boundedWait(client, never, { late, signals: [undefined, caller.signal] }).catch(
    (error: unknown) => error,
  );
  caller.abort(reason);
  expect(await wait).toBe(reason);
  const { signal } = new AbortController();
  expect(await boundedWait(client, async () => 'done', { timeoutMs: 300, late, signals: [signal] })).toBe('done');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('[C4] a wait of many polls, each of which leaves a listener behind, warns of nothing', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const { signal } = new AbortController();
  await boundedWait(
    client,
    async () => {
      for (let poll = 0; poll < 20; poll += 1) seen.addEventListener('abort', () => {});
    },
    { late, signals: [signal] },
  );
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});
