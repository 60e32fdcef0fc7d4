import { expect, test } from 'vitest';
import type { DeliveryProgress } from '../../src/contract/delivery.ts';
import { afterFailure, afterNoSecret, afterPutOff, NO_ATTEMPTS } from '../../src/deliveries/delivery-plan.ts';

const HOUR = 3_600_000;
const STARTED = Date.parse('2026-12-01T00:00:00Z');

/** The seconds from each attempt to the next, if all fail, and none of them takes any time. */
function delaysOf(random: number, retryAfterMs: number | null = null): number[] {
  const delays: number[] = [];
  let progress: DeliveryProgress = NO_ATTEMPTS;
  let now = STARTED;
  for (;;) {
    const next = afterFailure(progress, { now, random, retryAfterMs });
    if (next.delayMs === null) return delays;
    delays.push(next.delayMs / 1000);
    now += next.delayMs;
    progress = next.progress;
  }
}

test('[N16] ten attempts in about three days, as Standard Webhooks spaces them', () => {
  const delays = delaysOf(0);
  expect(delays).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  expect(delays.reduce((sum, one) => sum + one) / 3600).toBeCloseTo(75.58, 1);
});

test('[N16] each wait is at most a tenth longer, so that what failed together does not come back together', () => {
  const [least, most] = [delaysOf(0), delaysOf(1)];
  expect(most).toHaveLength(least.length);
  for (const [n, one] of least.entries()) expect(most[n]).toBeCloseTo(one * 1.1, 3);
});

test('[N16] what the target asked for is waited for where it is longer, and shortens nothing', () => {
  expect(delaysOf(0, 60_000).slice(0, 3)).toEqual([60, 300, 1800]);
});

test('[N16] an attempt that was not made counts for nothing, and the next one comes later and later', () => {
  const busy = (progress: DeliveryProgress) =>
    afterPutOff(progress, { now: STARTED, random: 0, waitMs: 0, isDown: false });
  let next = busy({ attempts: 3, putOff: 0, failingSince: null });
  const delays: (number | null)[] = [];
  for (let n = 0; n < 8; n++) {
    delays.push(next.delayMs);
    next = busy(next.progress);
  }
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(next.progress).toMatchObject({ attempts: 3, failingSince: null });
  const after = afterFailure(next.progress, { now: STARTED, random: 0, retryAfterMs: null });
  expect(after.progress).toEqual({ attempts: 4, putOff: 0, failingSince: STARTED });
});

test('[N16] one whose target is down for four days is given up, however few attempts it was let', () => {
  const down = (now: number, progress: DeliveryProgress) =>
    afterPutOff(progress, { now, random: 0, waitMs: 300_000, isDown: true });
  const first = down(STARTED, NO_ATTEMPTS);
  expect(first).toEqual({ progress: { attempts: 0, putOff: 1, failingSince: STARTED }, delayMs: 300_000 });
  expect(down(STARTED + 96 * HOUR, first.progress).delayMs).toBe(300_000);
  expect(down(STARTED + 96 * HOUR + 1, first.progress).delayMs).toBeNull();
  const busy = { now: STARTED + 200 * HOUR, random: 0, waitMs: 0, isDown: false };
  expect(afterPutOff(first.progress, busy).delayMs).not.toBeNull();
});

test('[N16] without a secret nothing is given up', () => {
  let progress: DeliveryProgress = NO_ATTEMPTS;
  const delays: (number | null)[] = [];
  for (let n = 0; n < 6; n++) {
    const next = afterNoSecret(progress, 0);
    delays.push(next.delayMs);
    progress = next.progress;
  }
  expect(delays).toEqual([60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  expect(progress).toMatchObject({ attempts: 0, failingSince: null });
});
