import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RateHint } from '../../src/call-budget/rules.ts';
import { readRateHint } from '../../src/provider/rate-hint.ts';

const NOW = Date.UTC(2026, 0, 1);
const NOW_S = NOW / 1000;

type Headers = Record<string, string | string[] | undefined>;

const hint = (headers: Headers) => readRateHint(headers, NOW);
const policy = (field: string | string[]) => hint({ 'ratelimit-policy': field });

describe('a limit', () => {
  test.each<[string, string, number, number | null]>([
    ['a window', '"default";q=100;w=60', 100, 60_000],
    ['no window', '"default";q=100', 100, null],
    ['a token as its name', 'default;q=100;w=60', 100, 60_000],
    ['the unit spelt out, and a partition', '"default";q=100;w=60;qu="requests";pk=:cHsdsRa894==:', 100, 60_000],
    ['an integer, as in older drafts', '100;w=60', 100, 60_000],
    ['a window of a day', '"day";q=10;w=86400', 10, 86_400_000],
    ['several: the fewest per second', '"a";q=900;w=60, "b";q=10;w=1, "c";q=3000;w=3600', 3000, 3_600_000],
    ['several, some without a window', '"a";q=5, "b";q=900;w=60', 900, 60_000],
    ['one that counts bytes beside it', '"bytes";q=5;w=60;qu="content-bytes", "a";q=900;w=60', 900, 60_000],
    [
      'one that cannot be used beside it',
      '"a";q=-5;w=60, "b";q=7.5, "c";q=5;w=0, ("d");q=5, "e";q=900;w=60',
      900,
      60_000,
    ],
  ])('[M9] a policy with %s', (_title, field, limit, windowMs) => {
    expect(policy(field)).toEqual({ limit, windowMs, remaining: null, resetMs: null });
  });

  test('[M9] a field that came twice is one list', () => {
    expect(policy(['"a";q=900;w=60', '"b";q=800;w=60'])).toMatchObject({ limit: 800 });
  });

  test.each(['ratelimit-limit', 'x-ratelimit-limit'])('[M9] %s alone has no window', (name) => {
    expect(hint({ [name]: '100' })).toEqual({ limit: 100, windowMs: null, remaining: null, resetMs: null });
  });
});

describe('calls left', () => {
  const until = (remaining: number, seconds: number) => ({
    limit: null,
    windowMs: null,
    remaining,
    resetMs: seconds * 1000,
  });
  const cases: [title: string, headers: Headers, expected: RateHint][] = [
    ['RateLimit', { ratelimit: '"default";r=50;t=30' }, until(50, 30)],
    ['none left', { ratelimit: '"default";r=0;t=30' }, until(0, 30)],
    ['several: the fewest', { ratelimit: '"a";r=50;t=3, "b";r=40;t=1' }, until(40, 1)],
    ['as few of both: the longest', { ratelimit: '"a";r=50;t=1, "b";r=50;t=9' }, until(50, 9)],
    [
      'no time of its own: its policy’s window',
      { ratelimit: '"a";r=5', 'ratelimit-policy': '"a";q=1000;w=60' },
      { ...until(5, 60), limit: 1000, windowMs: 60_000 },
    ],
    [
      'bytes left do not count',
      { ratelimit: '"b";r=5;t=9, "a";r=50;t=30', 'ratelimit-policy': '"b";q=99;qu="content-bytes"' },
      until(50, 30),
    ],
    ['the older fields', { 'ratelimit-remaining': '50', 'ratelimit-reset': '30' }, until(50, 30)],
    ['with a prefix', { 'x-ratelimit-remaining': '50', 'x-ratelimit-reset': '30' }, until(50, 30)],
    [
      'a reset that is a time',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW_S + 1800}` },
      until(0, 1800),
    ],
    [
      'both spellings: the strictest',
      { ratelimit: '"a";r=50;t=30', 'x-ratelimit-remaining': '40', 'x-ratelimit-reset': '30' },
      until(40, 30),
    ],
  ];
  test.each(cases)('[M9] %s', (_title, headers, expected) => {
    expect(hint(headers)).toEqual(expected);
  });

  test('[M9] together with a limit', () => {
    const headers = { 'ratelimit-policy': '"default";q=100;w=60', ratelimit: '"default";r=50;t=30' };
    expect(hint(headers)).toEqual({ limit: 100, windowMs: 60_000, remaining: 50, resetMs: 30_000 });
  });
});

describe('what is ignored', () => {
  const cases: [title: string, headers: Headers][] = [
    ['nothing said', {}],
    ['a time that is over', { ratelimit: '"a";r=5;t=0' }],
    ['calls left, until nobody knows when', { ratelimit: '"a";r=5', 'x-ratelimit-remaining': '5' }],
    ['a reset in the past', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW_S - 1}` }],
    ['a reset in milliseconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW + 1000}` }],
    ['a reset in years', { ratelimit: '"a";r=0;t=99999999' }],
    ['a negative limit', { 'ratelimit-policy': '"a";q=-1;w=60', 'x-ratelimit-limit': '-1' }],
    ['no calls at all', { 'ratelimit-policy': '"a";q=0;w=60', 'x-ratelimit-limit': '0' }],
    ['a fraction', { 'ratelimit-policy': '"a";q=1.5;w=60', ratelimit: '"a";r=1.5;t=30', 'x-ratelimit-limit': '1.5' }],
    ['text', { 'ratelimit-policy': '"a";q="5";w=60', ratelimit: '"a";r=?1;t=30', 'x-ratelimit-limit': 'NaN' }],
    ['a thousands separator', { 'x-ratelimit-limit': '1,000' }],
    ['an absurd size', { 'ratelimit-policy': '"a";q=5;w=999999999', 'x-ratelimit-limit': '1'.repeat(5000) }],
    ['more than a structured field can hold', { 'ratelimit-policy': `"a";q=5;w=${'9'.repeat(400)}` }],
    ['a malformed list', { 'ratelimit-policy': '"a";q=5;w=60,', ratelimit: '"a;r=5;t=30' }],
    ['another draft’s dictionary', { ratelimit: 'limit=10, remaining=5, reset=30' }],
    ['emptiness', { 'ratelimit-policy': '', ratelimit: ' ', 'x-ratelimit-limit': '', 'ratelimit-remaining': [] }],
    ['a number that came twice', { 'x-ratelimit-limit': ['5', '5'] }],
  ];
  test.each(cases)('[M9] %s', (_title, headers) => {
    expect(hint(headers)).toBeNull();
  });
});

describe('whatever comes', () => {
  const number = fc.oneof(fc.integer().map(String), fc.double().map(String), fc.maxSafeNat().map(String));
  const parameter = fc
    .tuple(fc.constantFrom('q', 'w', 'r', 't', 'qu'), number)
    .map(([key, value]) => `${key}=${value}`);
  const item = fc
    .tuple(fc.constantFrom('"a"', '"b"', 'c', '7', '(1)', ':YQ==:', '@1', '%"x"'), fc.array(parameter))
    .map(([name, parameters]) => [name, ...parameters].join(';'));
  const list = fc.array(item).map((items) => items.join(', '));
  const text = fc.oneof(list, number, fc.string());
  const value = fc.oneof(text, fc.array(text), fc.constant(undefined));
  const trio = (prefix: string) => ({
    [`${prefix}-limit`]: value,
    [`${prefix}-remaining`]: value,
    [`${prefix}-reset`]: value,
  });
  const headers = fc.record({
    ratelimit: value,
    'ratelimit-policy': value,
    ...trio('ratelimit'),
    ...trio('x-ratelimit'),
  });

  test('[M9] no header can throw, or say what is no limit', () => {
    fc.assert(
      fc.property(headers, fc.date({ noInvalidDate: true }), (fields, date) => {
        const read = readRateHint(fields, date.getTime());
        if (read === null) return;
        const { limit, windowMs, remaining, resetMs } = read;
        expect(limit ?? 1).toBeGreaterThanOrEqual(1);
        expect(windowMs ?? 1).toBeGreaterThan(0);
        expect(remaining ?? 0).toBeGreaterThanOrEqual(0);
        expect(resetMs ?? 1).toBeGreaterThan(0);
        expect([remaining === null, limit === null && remaining === null]).toEqual([resetMs === null, false]);
        for (const each of [limit, remaining]) expect(each === null || Number.isInteger(each)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
