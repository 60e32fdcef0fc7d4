import { expect, test } from 'vitest';
import { untilReady } from '../../src/testing/until-ready.ts';

const NEVER = { whyNotReady: () => 'Redis has not answered' };

test('[M20] a test stack says why its worker does not become ready', async () => {
  const waiting = untilReady(NEVER, 50, new AbortController().signal);
  await expect(waiting).rejects.toThrow('The worker did not become ready within 0.05 s: Redis has not answered.');
});

test('[M20] a test stack looks no more at a worker that has ended', async () => {
  let looks = 0;
  const ended = new AbortController();
  const whyNotReady = (): string => `it starts: ${++looks}`;
  const waiting = untilReady({ whyNotReady }, 60_000, ended.signal);
  ended.abort();
  await expect(waiting).rejects.toThrow('aborted');
  expect(looks).toBe(1);
});

test('[M20] a test stack is there when its worker takes work', async () => {
  const reasons = ['it starts', 'it starts', null];
  await untilReady({ whyNotReady: () => reasons.shift() ?? null }, 60_000, new AbortController().signal);
  expect(reasons).toEqual([]);
});
