import { expect, test } from 'vitest';
import { MinuteCounts } from '../../../src/gateway/limits/minute-counts.ts';

test('[M16] a minute begins with the first call of a tenant, and ends when it is over', () => {
  const counts = new MinuteCounts();
  expect(counts.count('acme', 1_000)).toEqual({ calls: 1, endsInMs: 60_000 });
  expect(counts.count('acme', 31_000)).toEqual({ calls: 2, endsInMs: 30_000 });
  expect(counts.count('other', 40_000)).toEqual({ calls: 1, endsInMs: 60_000 });
  expect(counts.count('acme', 60_999)).toEqual({ calls: 3, endsInMs: 1 });
  expect(counts.count('acme', 61_000)).toEqual({ calls: 1, endsInMs: 60_000 });
});

test('[M16] tenants that do not come back are forgotten', () => {
  const counts = new MinuteCounts();
  for (let n = 0; n < 100; n++) counts.count(`tenant-${n}`, 0);
  expect(counts.size).toBe(100);
  counts.count('acme', 60_000);
  expect(counts.size).toBe(1);
});
