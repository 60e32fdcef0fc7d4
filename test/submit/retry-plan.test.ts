import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutToDeadline, LAST_LOOK_MS, planRetry } from '../../src/submit/retry-plan.ts';
import { FAILURES } from '../../src/contract/failures.ts';

const POLICY = { maxRetries: 3, retryDelayMs: 1000 };
const FRESH = { failures: 0, waits: 0 };
const SAFE = { repeatable: true, outage: false, retryAfterMs: null, random: 1 };

describe('next step by row', () => {
  test.each([
    ['final', FAILURES.rejected],
    ['final', FAILURES.forbidden],
    ['final', FAILURES.unauthorized],
    ['final', FAILURES.invalidClient],
    ['final', FAILURES.redirected],
    ['final', FAILURES.reportedFailure],
  ] as const)('[M5][M6] %s: %o ends the request at once', (_next, row) => {
    expect(planRetry(row, FRESH, POLICY, SAFE)).toEqual({ end: true, failures: 0, waits: 0 });
  });

  test('[M5] three calls in all: the third failure ends', () => {
    const plans = [0, 1, 2].map((failures) => planRetry(FAILURES.serverError, { failures, waits: 0 }, POLICY, SAFE));
    expect(plans.map(({ end }) => end)).toEqual([false, false, true]);
  });

  test('[N2][C2] in an outage what may be repeated does not count, and waits ever longer', () => {
    for (const row of [FAILURES.unreachable, FAILURES.serverError, FAILURES.noAnswer]) {
      const plan = planRetry(row, { failures: 2, waits: 3 }, POLICY, { ...SAFE, outage: true });
      expect(plan).toEqual({ end: false, failures: 2, waits: 4, delayMs: 8_000 });
    }
    const submit = { ...SAFE, outage: true, repeatable: false };
    expect(planRetry(FAILURES.noAnswer, FRESH, POLICY, submit)).toMatchObject({ end: true });
  });

  test('[M5] the backoff doubles from RETRY_DELAY and stops at a minute', () => {
    const policy = { maxRetries: 100, retryDelayMs: 1000 };
    const delays = [0, 1, 2, 3, 10].map((failures) => {
      const plan = planRetry(FAILURES.unreachable, { failures, waits: 0 }, policy, SAFE);
      return plan.end ? null : plan.delayMs;
    });
    expect(delays).toEqual([1000, 2000, 4000, 8000, 60_000]);
  });

  test('[M5] a 429 waits exactly as long as Retry-After says, and counts as no failure', () => {
    const plan = planRetry(FAILURES.rateLimited, { failures: 2, waits: 7 }, POLICY, { ...SAFE, retryAfterMs: 17_000 });
    expect(plan).toEqual({ end: false, failures: 2, waits: 8, delayMs: 17_000 });
  });

  test('[M5] a 429 without Retry-After backs off by the number of waits', () => {
    const plan = planRetry(FAILURES.rateLimited, { failures: 0, waits: 2 }, POLICY, SAFE);
    expect(plan).toMatchObject({ end: false, delayMs: 4000 });
  });

  test('[M5] a 503 with Retry-After waits as a 429 does', () => {
    const plan = planRetry(FAILURES.unavailableUntil, FRESH, POLICY, { ...SAFE, retryAfterMs: 5000 });
    expect(plan).toMatchObject({ end: false, failures: 0, delayMs: 5000 });
  });

  test.each(['noAnswer', 'connectionLost', 'serverError', 'unreadableReply', 'workerLost'] as const)(
    '[N1] %s is never repeated where repeating is not safe',
    (name) => {
      const plan = planRetry(FAILURES[name], FRESH, POLICY, { ...SAFE, repeatable: false });
      expect(plan).toEqual({ end: true, failures: 0, waits: 0 });
    },
  );
});

test('[M5] every delay is at least 1 ms, because the SDK drops 0, and jitter only shortens', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(20),
      fc.constantFrom(...Object.values(FAILURES)),
      (random, n, row) => {
        const before = { failures: Math.min(n, 1), waits: n };
        const plan = planRetry(row, before, POLICY, { ...SAFE, random });
        if (plan.end) return;
        expect(plan.delayMs).toBeGreaterThanOrEqual(1);
        expect(plan.delayMs).toBeLessThanOrEqual(60_000);
        expect(Number.isInteger(plan.delayMs)).toBe(true);
      },
    ),
  );
});

test('[N14] E6: a wait that would reach past the deadline is cut: to a last look at accepted work, else to the deadline', () => {
  expect(cutToDeadline(900_000, 600_000, true)).toEqual({ delayMs: 600_000 - LAST_LOOK_MS, untilDeadline: false });
  expect(cutToDeadline(900_000, 600_000, false)).toEqual({ delayMs: 599_900, untilDeadline: true });
});

test('[N14] E6: what ends in time is not cut, and after the last look it lasts until the deadline', () => {
  const anyMs = fc.integer({ min: 1, max: 3_600_000 });
  fc.assert(
    fc.property(anyMs, anyMs, fc.boolean(), (delayMs, remainingMs, isLook) => {
      const cut = cutToDeadline(delayMs, remainingMs, isLook);
      expect(cut.delayMs).toBeLessThanOrEqual(delayMs);
      expect(cut.delayMs).toBeGreaterThanOrEqual(1);
      if (cut.delayMs < delayMs) {
        expect(cut.delayMs).toBeLessThan(remainingMs);
        const leftMs = remainingMs - cut.delayMs;
        expect(leftMs).toBe(isLook && !cut.untilDeadline ? LAST_LOOK_MS : 100);
      }
      if (delayMs <= remainingMs - LAST_LOOK_MS) expect(cut).toEqual({ delayMs, untilDeadline: false });
    }),
  );
});
