import { expect, test } from 'vitest';
import { cachedBulkRequests, cachedRequestsIn, memoryBytes } from '../../src/worker/cached-requests.ts';

const MIB = 2 ** 20;

test.each([
  [256, 20, 5],
  [1024, 73, 19],
  [24 * 1024, 120, 30],
])('[M20] of %i MiB, a worker keeps %i interactive and %i bulk requests in memory', (mib, cached, bulk) => {
  expect(cachedRequestsIn(mib * MIB)).toBe(cached);
  expect(cachedBulkRequests(cached)).toBe(bulk);
});

test('[M20] a worker knows how much memory it may use', () => {
  expect(memoryBytes()).toBeGreaterThan(64 * MIB);
});
