import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryJobTimes } from '../../src/polling/job-times-store.ts';
import { jobLengthMs, quantile, remembered, usualLengthMs } from '../../src/polling/job-times.ts';

const CREATED = '2026-01-01T00:00:00.000Z';

test("[N3] a job's length is read off the provider's clock alone", () => {
  expect(jobLengthMs({ createdAt: CREATED, completedAt: '2026-01-01T00:01:00.250Z' })).toBe(60_250);
});

test.each([
  ['created_at is missing', null, CREATED],
  ['completed_at is missing', CREATED, null],
  ['both are the same', CREATED, CREATED],
  ['it ended before it began', '2026-01-01T00:00:01.000Z', CREATED],
  ['it took over 30 days', '1970-01-01T00:00:00.000Z', CREATED],
  ['a time is no time', 'yesterday', CREATED],
])('[N3] nothing is learned from a job when %s', (_what, createdAt, completedAt) => {
  expect(jobLengthMs({ createdAt, completedAt })).toBeNull();
});

test('[N3] the last 50 lengths of a kind are kept', async () => {
  const times = createMemoryJobTimes();
  for (let n = 1; n <= 60; n++) times.learn('report', n);
  const lengths = await times.lengths('report');
  expect(lengths).toHaveLength(50);
  expect([lengths[0], lengths[49]]).toEqual([60, 11]);
});

test('[N3] kinds are learned apart', async () => {
  const times = createMemoryJobTimes();
  times.learn('short', 10);
  times.learn('long', 10_000);
  expect(await times.lengths('short')).toEqual([10]);
  expect(await times.lengths('long')).toEqual([10_000]);
  expect(await times.lengths('never seen')).toEqual([]);
});

test('[N3] of more than 1,000 kinds the least recently used one is forgotten', async () => {
  const times = createMemoryJobTimes();
  for (let n = 0; n < 1_000; n++) times.learn(`kind-${n}`, 1 + n);
  await times.lengths('kind-0');
  times.learn('one more', 5);
  expect(await times.lengths('kind-0')).toEqual([1]);
  expect(await times.lengths('kind-1')).toEqual([]);
  expect(await times.lengths('kind-2')).toEqual([3]);
});

test('[N3][M15] the usual length is the median, from five known lengths on', () => {
  expect(usualLengthMs([1, 2, 3, 4])).toBeNull();
  expect(usualLengthMs([500, 100, 300, 9_000, 200])).toBe(300);
});

test('[N3] a quantile is one of the lengths, and so many of them are not longer', () => {
  const lengths = fc.array(fc.integer({ min: 1 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(lengths, fc.double({ min: 0.01, max: 1, noNaN: true }), (known, share) => {
      const found = quantile(known, share);
      expect(known).toContain(found);
      expect(known.filter((length) => length <= found).length).toBeGreaterThanOrEqual(share * known.length);
      expect(known.filter((length) => length < found).length).toBeLessThan(share * known.length);
    }),
  );
});

test('[N3] what was remembered before is not changed', () => {
  const before = [1, 2];
  expect(remembered(before, 3)).toEqual([3, 1, 2]);
  expect(before).toEqual([1, 2]);
});
