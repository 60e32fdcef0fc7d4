import { expect, test } from 'vitest';
import { fieldsOf, laterRetry, type Quota } from '../../../src/gateway/limits/quota-fields.ts';

const CALLS: Quota = { name: 'calls', most: 600, left: 599, window: { seconds: 60, endsInS: 42 } };
const IN_FLIGHT: Quota = { name: 'in-flight', most: 20, left: 17, window: null };

test('[M19] quotas are lists of structured fields, as the draft has them', () => {
  expect(fieldsOf([CALLS, IN_FLIGHT])).toEqual({
    'ratelimit-policy': '"calls";q=600;w=60, "in-flight";q=20;qu="concurrent-requests"',
    ratelimit: '"calls";r=599;t=42, "in-flight";r=17',
  });
});

test.each<[string, number, Quota[], number | null]>([
  ['nothing is left and it would be too early', 2, [{ ...CALLS, left: 0 }], 42],
  ['nothing is left and it would be late enough', 42, [{ ...CALLS, left: 0 }], null],
  ['something is left', 2, [CALLS], null],
  ['what is left comes back at any time', 2, [{ ...IN_FLIGHT, left: 0 }], null],
  ['nobody is asked back', NaN, [{ ...CALLS, left: 0 }], null],
])('[M19] a caller is asked back in time when %s', (_, retryAfter, quotas, later) => {
  expect(laterRetry(retryAfter, quotas)).toBe(later);
});
