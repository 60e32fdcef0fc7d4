import { expect, test } from 'vitest';
import { span, timeOfDay } from '../../src/client/time-in-words.ts';

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [99, '0 s'],
  [990, '0.9 s'],
  [9_999, '9.9 s'],
  [10_999, '10 s'],
  [119_999, '119 s'],
  [120_000, '2 min'],
  [179_999, '2 min'],
  [7_199_999, '119 min'],
  [7_200_000, '2 h'],
  [172_799_999, '47 h'],
  [172_800_000, '2 d'],
])('[N6] what has lasted %d ms is told as %s: never more than it was', (ms, told) => {
  expect(span(ms)).toBe(told);
});

test.each([
  ['2026-11-23T11:59:59.999Z', '11:59:59Z'],
  ['2026-11-23T12:00:00.500Z', '12:00:00Z'],
  ['2026-11-23T12:00:00.501Z', '12:00:01Z'],
  ['2026-11-22T23:59:59.900Z', '2026-11-22T23:59:59Z'],
  ['2026-11-23T23:59:59.900Z', '2026-11-24T00:00:00Z'],
])('[N6] %s is told as %s: what is to come not too early, what has passed not too late', (time, told) => {
  expect(timeOfDay(time, new Date('2026-11-23T12:00:00.500Z'))).toBe(told);
});
