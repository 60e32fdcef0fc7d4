import { Argument, InvalidArgumentError } from 'commander';
import { REQUEST_ID_PATTERN, requestIdOf } from '../contract/names.ts';

/** `<id>`. The workflow id, which is what the Temporal Web UI shows, is taken as well. */
export function requestIdArgument(): Argument {
  return new Argument('<id>', 'request id, or the workflow id that the Temporal Web UI shows').argParser(
    parseRequestId,
  );
}

/** @throws InvalidArgumentError for what cannot be the id of a request */
export function parseRequestId(text: string): string {
  const requestId = requestIdOf(text);
  if (REQUEST_ID_PATTERN.test(requestId)) return requestId;
  throw new InvalidArgumentError(
    'Expected req_ and 26 digits or upper-case letters, as `process` and `list` print it.',
  );
}

const MS_PER_UNIT = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `90s`, `10m` or `1.5h` as milliseconds above 0, up to `maxMs`. */
export function duration(maxMs: number): (text: string) => number {
  return (text) => {
    const ms = milliseconds(text);
    if (ms > 0 && ms <= maxMs) return ms;
    const days = maxMs / MS_PER_UNIT.d;
    throw new InvalidArgumentError(`Expected a number and a unit, such as 90s, 10m or 2h; at most ${days}d.`);
  };
}

/** Reads `12h` (so long ago) or `2026-11-25T18:00Z` as a time that has passed. */
export function pastTime(text: string): Date {
  const ms = milliseconds(text);
  const time = ms > 0 ? Date.now() - ms : ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (time > 0 && time <= Date.now()) return new Date(time);
  throw new InvalidArgumentError(
    'Expected how long ago, such as 12h, or a time that has passed, such as 2026-11-25T18:00Z.',
  );
}

/** With its offset: a time without one is another time on every machine. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** NaN for what is no duration. */
function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Math.round(Number(amount) * MS_PER_UNIT[(unit ?? 'ms') as keyof typeof MS_PER_UNIT]);
}

/** Node's timers hold no more than 2^31 - 1 ms. */
export const LONGEST_WAIT_MS = 24 * MS_PER_UNIT.d;

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
