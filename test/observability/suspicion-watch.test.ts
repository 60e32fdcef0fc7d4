import { expect, test } from 'vitest';
import { SUSPICIONS, USUAL_SUSPICIONS, type SuspicionName } from '../../src/contract/suspicions.ts';
import { SuspicionWatch, suspicionEvent } from '../../src/observability/suspicion-watch.ts';

/** Milliseconds at which something was told. */
function told(
  rule: SuspicionName,
  seen: { at: number; subject?: string; isBad?: boolean }[],
  thresholds: Partial<Record<SuspicionName, number>> = {},
): number[] {
  const watch = new SuspicionWatch({ ...USUAL_SUSPICIONS, thresholds });
  return seen
    .filter(({ at, subject = 'x', isBad }) => watch.seen(rule, subject, at, isBad) !== null)
    .map(({ at }) => at);
}

const each = (n: number, everyMs: number): { at: number }[] =>
  Array.from({ length: n }, (_, i) => ({ at: i * everyMs }));

test.each(Object.entries(SUSPICIONS))(
  '[M16] %s is told of at its threshold, once in a window',
  (rule, { threshold }) => {
    expect(told(rule as SuspicionName, each(3 * threshold, 1))).toEqual([threshold - 1]);
  },
);

test('[M16] what is spread over more than a window is not told of, and what goes on is told once in each', () => {
  expect(told('foreign_request', each(30, 7_000))).toEqual([]);
  expect(told('foreign_request', each(200, 1_000))).toEqual([9_000, 69_000, 129_000, 189_000]);
});

test('[M16] subjects are counted apart from each other', () => {
  const two = each(18, 1).map((seen, n) => ({ ...seen, subject: n % 2 === 0 ? 'a' : 'b' }));
  expect(told('foreign_request', two)).toEqual([]);
});

test('[M16] failing calls are told of only where they are half of all', () => {
  const mixed = (good: number) => each(400, 1).map((seen, n) => ({ ...seen, isBad: n % (good + 1) === 0 }));
  expect(told('failing_calls', mixed(2))).toEqual([]);
  expect(told('failing_calls', mixed(1))).toHaveLength(1);
});

test('[M16] a threshold is configured, and 0 switches a rule off', () => {
  expect(told('foreign_request', each(9, 1), { foreign_request: 3 })).toEqual([2]);
  expect(told('foreign_request', each(99, 1), { foreign_request: 0 })).toEqual([]);
});

test('[M16] its line says rule, subject, count and window', () => {
  const watch = new SuspicionWatch({ windowMs: 5_000, thresholds: { refused_callback: 1 } });
  const suspicion = watch.seen('refused_callback', '192.0.2.1', 0);
  expect(suspicion && suspicionEvent(suspicion)).toEqual({
    event: 'suspicious_activity',
    rule: 'refused_callback',
    subject: '192.0.2.1',
    count: 1,
    window: 5,
  });
});

test('[M16] however many there are, memory is bounded: who was seen longest ago is forgotten', () => {
  const watch = new SuspicionWatch({ windowMs: 60_000, thresholds: { foreign_request: 2 } });
  watch.seen('foreign_request', 'early', 0);
  for (let n = 0; n < 10_000; n++) watch.seen('foreign_request', `other ${n}`, 1);
  expect(watch.seen('foreign_request', 'other 9999', 2)).not.toBeNull();
  expect(watch.seen('foreign_request', 'early', 2)).toBeNull();
});
