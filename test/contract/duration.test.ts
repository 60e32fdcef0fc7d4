import { expect, test } from 'vitest';
import { millisecondsOf, type Duration } from '../../src/contract/duration.ts';

test.each([
  [1_500, 1_500],
  ['10 minutes', 600_000],
  ['1.5h', 5_400_000],
  ['.5 S', 500],
  ['2 WEEKS', 1_209_600_000],
  ['1 Day', 86_400_000],
  ['-5 ms', -5],
] as const)('[C4] %s is %i ms', (duration, ms) => {
  expect(millisecondsOf(duration)).toBe(ms);
});

test('[C4] a text without a unit is milliseconds, to callers without types', () => {
  // @ts-expect-error no unit
  const duration: Duration = '1500';
  expect(millisecondsOf(duration)).toBe(1_500);
});

test.each(['banana', '', ' ', 'h', '5 bananas', '1h 30m', '1,5 h', '5 toString', '1e3', null, {}, [[5]]])(
  '[C4] %j is no duration',
  (text: unknown) => {
    expect(millisecondsOf(text as Duration)).toBeNaN();
  },
);

test('[C4] a text of any length is read in time that grows with it', () => {
  const digits = '1'.repeat(1_000_000);
  const began = process.cpuUsage().user;
  expect(millisecondsOf(`${digits}!` as Duration)).toBeNaN();
  expect(process.cpuUsage().user - began).toBeLessThan(5_000_000);
});

test('[C4] what is no duration does not compile', () => {
  // @ts-expect-error no number
  const banana: Duration = 'banana';
  // @ts-expect-error no unit
  const bananas: Duration = '5 bananas';
  expect([banana, bananas]).toHaveLength(2);
});
