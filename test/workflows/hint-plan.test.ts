import { expect, test } from 'vitest';
import { hintGapMs, HintPlan } from '../../src/workflows/hint-plan.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

/** When the work is looked at, while callbacks come so often and each look takes no time. */
function looksOf(everyMs: number, forMs: number): number[] {
  const plan = new HintPlan(0);
  const looks: number[] = [];
  for (let now = 0; now <= forMs; now += everyMs) {
    const isWaiting = (looks.at(-1) ?? -Infinity) > now;
    if (!isWaiting && plan.isNews(now)) looks.push(now + plan.heed(now));
  }
  return looks;
}

test('[N4] E8: the first callback is heeded at once, the next after 1, 2, 4 … 60 s', () => {
  expect(looksOf(100, 300_000).slice(0, 9)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000]);
});

test('[N4] E8: each callback is followed by a look, its own or one that is planned', () => {
  const plan = new HintPlan(0);
  let lastLook = -Infinity;
  for (const at of [0, 10, 900, 950, 5_000, 5_001, 200_000, 200_500, 1_000_000]) {
    if (plan.isNews(at)) lastLook = at + plan.heed(at);
    expect(lastLook).toBeGreaterThanOrEqual(at);
  }
});

test('[N4] E8: what has been watched for long is looked at with a lag of a twentieth of that time, at most 6 hours', () => {
  expect([0, HOUR_MS, 20 * HOUR_MS, MONTH_MS].map(hintGapMs)).toEqual([60_000, HOUR_MS / 20, HOUR_MS, 6 * HOUR_MS]);
});

/** Of Temporal: a workflow with more is refused signals, and with so many events terminated. */
const MOST_SIGNALS = 10_000;
const MOST_EVENTS = 51_200;
/** Its signal, its activity, and two workflow tasks; test/workflows/callback.server.test.ts counts them. */
const EVENTS_PER_LOOK = 10;
const EVENTS_PER_UNHEEDED = 4;

test('[N4][N9] E8: a callback a second for 30 days asks for less than 300 looks, far from what Temporal ends a workflow for', () => {
  expect(looksOf(1_000, HOUR_MS).length).toBeLessThanOrEqual(60);
  const { length } = looksOf(1_000, MONTH_MS);
  expect(length).toBeLessThan(300);
  expect(EVENTS_PER_LOOK * length + EVENTS_PER_UNHEEDED * MOST_SIGNALS).toBeLessThan(0.9 * MOST_EVENTS);
});

test('[N1][N9] E8: a callback that names a wrong id each second, for a hold of 30 days, is heeded less than 300 times', () => {
  let heeded = 0;
  for (let ageMs = 0; ageMs < MONTH_MS; ageMs += hintGapMs(ageMs)) heeded++;
  expect(heeded).toBeLessThan(300);
});
