const LONGEST_WAIT_MS = 3_600_000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY_NAME = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';

/** The forms of an HTTP-date, RFC 9110, section 5.6.7. */
const HTTP_DATES = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^${DAY_NAME}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  // rfc850-date: Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^${LONG_DAY_NAME}, (?<day>\\d{2})-${MONTH}-(?<shortYear>\\d{2}) ${TIME} GMT$`),
  // asctime-date: Sun Nov  6 08:49:37 1994 (also UTC)
  new RegExp(`^${DAY_NAME} ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})$`),
];

/**
 * Milliseconds to wait as a Retry-After header says (RFC 9110, section 10.2.3): more than 0, at most one hour. Null when
 * it cannot be read, and when it says 0 or a time that has passed: then it is no hint, and our own backoff grows.
 */
export function parseRetryAfter(value: string, nowMs: number): number | null {
  // RFC 9110, section 5.5: blanks around a value are no part of it, and Node.js leaves those behind it.
  // Of blanks inside only the first is looked at: else a header full of them would take seconds.
  const text = value.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, '');
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : untilHttpDate(text, nowMs);
  return waitMs === null || waitMs <= 0 ? null : Math.min(waitMs, LONGEST_WAIT_MS);
}

function untilHttpDate(value: string, nowMs: number): number | null {
  const fields = matchHttpDate(value);
  if (fields === null) return null;
  const [month, day] = [MONTHS.indexOf(fields['month'] ?? ''), Number(fields['day'])];
  const [hour, minute, second] = [Number(fields['hour']), Number(fields['minute']), Number(fields['second'])];
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return null;
  const at = (year: number): number => Date.UTC(year, month, day, hour, minute, second);
  const year = fields['year'] === undefined ? fullYear(Number(fields['shortYear']), at, nowMs) : Number(fields['year']);
  if (day < 1 || day > daysIn(year, month)) return null;
  return at(year) - nowMs;
}

function matchHttpDate(value: string): Record<string, string | undefined> | null {
  for (const form of HTTP_DATES) {
    const groups = form.exec(value)?.groups;
    if (groups !== undefined) return groups;
  }
  return null;
}

/** A two-digit year is the latest such year that is not more than 50 years ahead. */
function fullYear(shortYear: number, at: (year: number) => number, nowMs: number): number {
  const limit = new Date(nowMs);
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  let year = Math.floor(limit.getUTCFullYear() / 100) * 100 + shortYear;
  while (at(year) > limit.getTime()) year -= 100;
  return year;
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}
