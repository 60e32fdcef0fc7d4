import { expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/fake-provider/index.ts';
import { closedTimes, overlapMs, silenceAfter } from '../../lab/closed-times.ts';

const BUDGET = { limit: 3, windowMs: 1_000 };

function call(arrivedAt: number, statusCode = 200): LedgerEntry {
  return {
    seq: 1,
    endpoint: '/process',
    method: 'POST',
    arrivedAt,
    idempotencyKey: null,
    bodySha256: null,
    providerRequestId: null,
    executed: true,
    answeredAt: arrivedAt,
    statusCode,
    fault: null,
  };
}

test('[N12] a refusal closes the provider for as long as it asked', () => {
  expect(closedTimes([call(100, 429), call(5_000, 503)], BUDGET, [])).toEqual([
    { from: 100, to: 1_100 },
    { from: 5_000, to: 6_000 },
  ]);
});

test('[N12] a budget is closed from the last call that it allows until the first of them is a window old', () => {
  expect(closedTimes([call(0), call(100), call(400)], BUDGET, [])).toEqual([{ from: 400, to: 1_000 }]);
  expect(closedTimes([call(0), call(100), call(1_000)], BUDGET, [])).toEqual([]);
});

test('[N12] closed times that touch are one', () => {
  const closures = [{ from: 1_500, to: 4_000 }];
  expect(closedTimes([call(1_000, 429), call(3_500, 503)], BUDGET, closures)).toEqual([{ from: 1_000, to: 4_500 }]);
});

test('[N12] after a loss of Redis nobody sends until somebody is sure of the count again', () => {
  const ledger = [call(0), call(1_200), call(1_900), call(31_000), call(31_100)];
  expect(silenceAfter(ledger, 1_000)).toEqual({ from: 1_000, to: 31_000 });
  // Silence for longer is a fault, which is not left out.
  expect(silenceAfter([call(0), call(200_000)], 1_000)).toEqual({ from: 1_000, to: 91_000 });
});

test('[N12] of closed times counts what lies between two moments', () => {
  const closed = [
    { from: 0, to: 10 },
    { from: 20, to: 30 },
  ];
  expect(overlapMs(closed, 5, 25)).toBe(10);
  expect(overlapMs(closed, 12, 18)).toBe(0);
  expect(overlapMs(closed, 40, 30)).toBe(0);
});
