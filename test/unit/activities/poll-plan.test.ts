import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pollDelay } from '../../../src/activities/poll-plan.ts';

const POLICY = { pollInitialMs: 1000, pollMaxMs: 60_000 };

test('[M3] the first poll comes after EXTERNAL_API_POLL_INITIAL exactly', () => {
  expect(pollDelay(0, POLICY, { hintMs: null, random: 0 })).toBe(1000);
});

test('[M3] the wait grows by half with every poll, up to EXTERNAL_API_POLL_MAX', () => {
  const delays = [1, 2, 3, 20].map((polls) => pollDelay(polls, POLICY, { hintMs: null, random: 1 }));
  expect(delays).toEqual([1500, 2250, 3375, 60_000]);
});

test("[M3] the provider's Retry-After wins over the plan", () => {
  expect(pollDelay(5, POLICY, { hintMs: 120_000, random: 0.5 })).toBe(120_000);
  expect(pollDelay(5, POLICY, { hintMs: 0, random: 0.5 })).toBe(1);
});

test('[M3] jitter takes at most a quarter and never adds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (polls, random) => {
      const most = Math.min(60_000, 1000 * 1.5 ** polls);
      const delay = pollDelay(polls, POLICY, { hintMs: null, random });
      expect(delay).toBeGreaterThanOrEqual(Math.floor(most * 0.75));
      expect(delay).toBeLessThanOrEqual(Math.ceil(most));
    }),
  );
});
