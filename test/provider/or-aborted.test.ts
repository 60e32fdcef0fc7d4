import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { orAborted } from '../../src/provider/or-aborted.ts';

test('[M21] a wait that is over leaves nothing at its signal: a worker may wait for its server a thousand times', async () => {
  const { signal } = new AbortController();
  expect(await orAborted(Promise.resolve('there'), signal)).toBe('there');
  await expect(orAborted(Promise.reject(new Error('away')), signal)).rejects.toThrow('away');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('[M21] a wait ends with the reason of its signal, also of one that was aborted before', async () => {
  const never = new Promise<never>(() => {});
  const controller = new AbortController();
  const waiting = orAborted(never, controller.signal);
  controller.abort(new Error('told to end'));
  await expect(waiting).rejects.toThrow('told to end');
  await expect(orAborted(never, controller.signal)).rejects.toThrow('told to end');
});
