import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quantile } from '../../src/polling/job-times.ts';
import { learnedDelay, pollDelay, type Learned } from '../../src/polling/poll-plan.ts';
import { DISTRIBUTIONS, kindOf, pollsBeforeCallback, request, warmUp } from './learned-poll-simulation.ts';

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

const LENGTHS = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];

/** The next poll of a request without a callback, with all the time in the world, where nothing else is said. */
function learned(polls: number, of: Partial<Learned>, policy = POLICY): number | null {
  const all = { lengths: LENGTHS, elapsedMs: 0, callbackExpected: false, ...of };
  return learnedDelay(polls, all, policy, 1);
}

test('[N3] of fewer than five known lengths nothing is concluded', () => {
  expect(learned(0, { lengths: [100, 100, 100, 100] })).toBeNull();
  expect(learned(0, { lengths: [100, 100, 100, 100, 100] })).not.toBeNull();
});

test('[N3] the first learned poll goes out a little after the time in which six of ten jobs finish', () => {
  expect(learned(0, {})).toBe(630);
});

test('[N3] the learned time counts from the submit, however late its poll is planned', () => {
  expect(learned(0, { elapsedMs: 200 })).toBe(430);
  expect(learned(0, { elapsedMs: 5_000 })).toBe(1);
});

test('[N3] EXTERNAL_API_POLL_MAX does not cut the learned waits', () => {
  const lengths = LENGTHS.map((length) => length * 10_000);
  expect(learned(0, { lengths })).toBe(6_300_000);
  expect(learned(1, { lengths, elapsedMs: 6_300_000 })).toBe(9_450_000 - 6_300_000);
});

test('[N3] after a poll that came too early the next finds three of four of the jobs that take longer', () => {
  expect(learned(1, { elapsedMs: 315 })).toBe(945 - 315);
});

test('[N3] when the short jobs of a kind are over, the next poll waits for the long ones', () => {
  const lengths = [100, 110, 105, 100, 95, 100, 110, 60_000, 61_000, 62_000];
  expect(learned(0, { lengths })).toBe(116);
  expect(learned(1, { lengths, elapsedMs: 200 })).toBe(62_000 * 1.05 - 200);
});

test('[N3] a learned poll is never followed closely by another: jobs that all take the same time are not hunted', () => {
  const lengths = [1000, 1000, 1000, 1000, 1000];
  expect(learned(1, { lengths, elapsedMs: 1049 })).toBe(525);
});

test('[N3] beyond the longest known length the waits grow by half, and from twice that EXTERNAL_API_POLL_MAX bounds them', () => {
  const lengths = LENGTHS.map((length) => length * 1_000);
  expect(learned(3, { lengths, elapsedMs: 1_200_000 })).toBe(600_000);
  expect(learned(5, { lengths, elapsedMs: 2_100_000 })).toBe(60_000);
});

test('[N3][N4] where a callback is expected and nothing is known of the jobs, polls are a safety net from the first one on', () => {
  const delay = (polls: number, hintMs: number | null) =>
    pollDelay(polls, POLICY, { hintMs, random: 1, callbackExpected: true });
  expect([delay(0, null), delay(1, null), delay(0, 2_000)]).toEqual(Array(3).fill(POLICY.pollMaxMs));
  expect(delay(0, POLICY.pollMaxMs * 2)).toBe(POLICY.pollMaxMs * 2);
});

test('[N3][N4] where a callback is expected, the poll waits until every known job would long have been told of, and races no callback', () => {
  expect(learned(0, { callbackExpected: true })).toBe(1_500 + 5_000);
  expect(learned(1, { callbackExpected: true, elapsedMs: 6_500 })).toBeGreaterThan(5_000);
});

test('[N3] a learned wait is a whole number of milliseconds, at least 1', () => {
  const time = fc.integer({ min: 1, max: 7_200_000 });
  fc.assert(
    fc.property(
      fc.array(time, { minLength: 5, maxLength: 50 }),
      fc.nat(7_200_000),
      fc.nat(5),
      fc.boolean(),
      (lengths, elapsedMs, polls, callbackExpected) => {
        const delay = learned(polls, { lengths, elapsedMs, callbackExpected });
        if (delay === null) return;
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(1);
      },
    ),
  );
});

/** From a job that is done at once for anybody who looks, to one that fills the default deadline. */
const USUAL_LENGTHS_MS = [50, 1_000, 30_000, 600_000, 3_600_000];
const REQUESTS = 1_000;

test.each(Object.keys(DISTRIBUTIONS))('[N3] jobs %s: at most 3 calls per request at any length', (distribution) => {
  for (const usualMs of USUAL_LENGTHS_MS) {
    const [learnedCalls, fixedCalls] = (['learned', 'fixed'] as const).map((plan) =>
      callsPerRequest(distribution, usualMs, plan),
    );
    expect(learnedCalls, `${usualMs} ms`).toBeLessThanOrEqual(3);
    // The fixed plan looks 1 s, 2.5 s, 4.75 s, … after the submit.
    if (usualMs >= 30_000) expect(learnedCalls! / fixedCalls!, `${usualMs} ms`).toBeLessThan(0.5);
    if (usualMs >= 3_600_000) expect(learnedCalls! / fixedCalls!, `${usualMs} ms`).toBeLessThan(0.05);
  }
});

/** The POST and its polls. */
function callsPerRequest(distribution: string, usualMs: number, plan: 'learned' | 'fixed'): number {
  const kind = kindOf(distribution, usualMs);
  warmUp(kind);
  let polls = 0;
  for (let n = 0; n < REQUESTS; n++) polls += request(kind, plan).polls;
  return 1 + polls / REQUESTS;
}

test.each(Object.keys(DISTRIBUTIONS))('[N5] jobs %s: half are seen within their usual length', (distribution) => {
  const kind = kindOf(distribution, 60_000);
  warmUp(kind);
  const lags = Array.from({ length: REQUESTS }, () => request(kind, 'learned').lagMs);
  expect(quantile(lags, 0.5)).toBeLessThan(60_000);
});

test.each(Object.keys(DISTRIBUTIONS))(
  '[N3][N4] jobs %s: at most 2 of 100 polls go out before the callback',
  (distribution) => {
    const kind = kindOf(distribution, 60_000);
    warmUp(kind);
    let early = 0;
    for (let n = 0; n < REQUESTS; n++) if (pollsBeforeCallback(kind)) early++;
    expect(early / REQUESTS).toBeLessThanOrEqual(0.02);
  },
);

test.each([10, 0.1])('[N3] jobs that suddenly take %d times as long are followed within 40 requests', (times) => {
  const kind = kindOf('within a fifth', 60_000);
  for (let n = 0; n < 100; n++) request(kind, 'learned');
  for (let n = 0; n < 40; n++) request(kind, 'learned', Math.round(kind.next() * times));
  const first = learned(0, { lengths: kind.lengths });
  expect(first).toBeGreaterThan(60_000 * times * 0.9);
  expect(first).toBeLessThan(60_000 * times * 1.2);
});
