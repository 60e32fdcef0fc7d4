import { expect, test } from 'vitest';
import { HintPlan } from '../../src/workflows/hint-plan.ts';

const HOUR_MS = 3_600_000;

test('[N4] E8: the first callback is heeded at once, the next after 1, 2, 4 … 60 s', () => {
  const plan = new HintPlan();
  const looks: number[] = [];
  for (let now = 0; now <= 300_000; now += 100) {
    const withinMs = plan.heed(now);
    if (withinMs !== null) looks.push(now + withinMs);
  }
  expect(looks.slice(0, 9)).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000]);
});

test('[N4] E8: each callback is followed by a look, its own or one that comes anyway', () => {
  const plan = new HintPlan();
  let lastLook = -Infinity;
  for (const at of [0, 10, 900, 950, 5_000, 5_001, 200_000, 200_500, 1_000_000]) {
    const withinMs = plan.heed(at);
    if (withinMs !== null) lastLook = at + withinMs;
    expect(lastLook).toBeGreaterThanOrEqual(at);
  }
});

test('[N4][N9] E8: a callback a second for an hour asks for at most 70 looks, of three events each', () => {
  const plan = new HintPlan();
  for (let now = 0; now < HOUR_MS; now += 1_000) plan.heed(now);
  expect(plan.looks).toBeLessThanOrEqual(70);
  expect(plan.looks).toBeGreaterThanOrEqual(60);
});
