import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../src/provider/retry-after.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each([
  ['120', 120_000],
  ['007', 7_000],
  // RFC 9110, section 5.5: blanks around a value are no part of it.
  ['1 ', 1_000],
  [' \t5\t ', 5_000],
  [' Sun, 06 Nov 1994 08:49:37 GMT ', 37_000],
  ['3600', HOUR_MS],
  ['3601', HOUR_MS],
  ['9'.repeat(400), HOUR_MS],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Sun Nov 06 08:49:37 1994', 37_000],
  // A leap second is the first of the next minute.
  ['Sun, 06 Nov 1994 08:49:60 GMT', 60_000],
  ['Sat, 01 Jan 2000 00:00:00 GMT', HOUR_MS],
])('[M5] Retry-After %j -> %i ms', (value, expected) => {
  expect(parseRetryAfter(value, NOW)).toBe(expected);
});

test.each([
  '',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '\u00a05',
  '0x10',
  '١٢',
  '5, 6',
  'soon',
  '1994-11-06T08:49:37Z',
  'Sun, 06 Nov 1994 08:49:37 PST',
  'Sun, 06 Nov 1994 08:49:37',
  'sun, 06 nov 1994 08:49:37 gmt',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 00 Nov 1994 08:49:37 GMT',
  'Sun, 31 Nov 1994 08:49:37 GMT',
  'Tue, 29 Feb 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 24:00:00 GMT',
  'Sun, 06 Nov 1994 08:60:00 GMT',
  'Sun, 06 Nov 1994 08:49:61 GMT',
  'Sun, 06-Nov-94 08:49:37 GMT',
  'Sun Nov  6 08:49:37 1994 GMT',
])('[M5] Retry-After %j cannot be read', (value) => {
  expect(parseRetryAfter(value, NOW)).toBeNull();
});

test.each(['0', '00', 'Sun, 06 Nov 1994 08:49:00 GMT', 'Sun, 06 Nov 1994 08:48:00 GMT', 'Sun Nov  6 08:48:00 1994'])(
  '[M5] S10: Retry-After %j is over already, and no hint',
  (value) => {
    expect(parseRetryAfter(value, NOW)).toBeNull();
  },
);

test.each([
  // now, two-digit year, the year it means
  [2026, '26', 2026],
  [2026, '75', 2075],
  [2026, '77', 1977],
  [2099, '05', 2105],
  [2099, '99', 2099],
])('[M5] in %i the year %s of an rfc850-date is %i', (year, shortYear, meant) => {
  const now = Date.UTC(year, 0, 1);
  const wait = parseRetryAfter(`Sunday, 01-Jan-${shortYear} 00:10:00 GMT`, now);
  expect(wait).toBe(meant < year ? null : meant > year ? HOUR_MS : 600_000);
});

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

test('[M5] the three forms of any near time mean that time, in UTC', () => {
  const nows = fc.date({ min: new Date('1970-01-01'), max: new Date('2900-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(nows, fc.integer({ min: 1, max: 3_599 }), (start, seconds) => {
      const now = Math.floor(start.getTime() / 1000) * 1000;
      const at = new Date(now + seconds * 1000);
      const imf = at.toUTCString();
      const [, day = '', month = '', year = '', time = ''] = /, (\d+) (\w+) (\d+) (\S+)/.exec(imf) ?? [];
      const dayName = DAYS[at.getUTCDay()] ?? '';
      const forms = [
        imf,
        `${dayName}, ${day}-${month}-${year.slice(-2)} ${time} GMT`,
        `${dayName.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
      ];
      for (const form of forms) expect(parseRetryAfter(form, now)).toBe(seconds * 1000);
    }),
  );
});

test('[M5] whatever the header says, the wait is null, or more than 0 and at most an hour', () => {
  const values = fc.oneof(fc.string(), fc.integer().map(String), fc.bigInt().map(String), fc.date().map(String));
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 4e12 }), (value, now) => {
      const wait = parseRetryAfter(value, now);
      expect(wait === null || (wait > 0 && wait <= HOUR_MS)).toBe(true);
    }),
  );
});

test('[M5] a header full of blanks is read in the time that its length takes', () => {
  const before = performance.now();
  expect(parseRetryAfter(`1${' '.repeat(200_000)}1`, 0)).toBeNull();
  expect(parseRetryAfter(`7${' '.repeat(200_000)}`, 0)).toBe(7_000);
  expect(performance.now() - before).toBeLessThan(10_000);
});
