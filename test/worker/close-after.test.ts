import { afterEach, expect, test, vi } from 'vitest';
import { closeAfter } from '../../src/worker/close-after.ts';

afterEach(() => vi.useRealTimers());

const never = (): Promise<void> => new Promise(() => {});
const fails = (message: string) => async (): Promise<void> => {
  throw new Error(message);
};

test('[C1] a failure is told as it was, though what is closed after it fails too', async () => {
  await expect(closeAfter(fails('the cause'), fails('the consequence'))).rejects.toThrow('the cause');
});

test('[C1] a failure is told though what is closed after it never ends', async () => {
  vi.useFakeTimers();
  const told = closeAfter(fails('the cause'), never).catch((error: unknown) => error);
  await vi.runAllTimersAsync();
  expect(await told).toEqual(new Error('the cause'));
});

test('[C1] after a failure everything is closed before it is told', async () => {
  const order: string[] = [];
  const close = async (): Promise<void> => void order.push('closed');
  await closeAfter(fails('the cause'), close).catch(() => order.push('told'));
  expect(order).toEqual(['closed', 'told']);
});

test('[C1] without a failure, that of the closing is told', async () => {
  await expect(closeAfter(async () => {}, fails('not closed'))).rejects.toThrow('not closed');
});
