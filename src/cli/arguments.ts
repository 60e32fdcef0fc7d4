import { Argument, InvalidArgumentError } from 'commander';
import { REQUEST_ID_PATTERN, requestIdOf } from '../contract/names.ts';

/** `<id>`. The workflow id, which is what the Temporal Web UI shows, is taken as well. */
export function requestIdArgument(): Argument {
  return new Argument('<id>', 'request id, or the workflow id that the Temporal Web UI shows').argParser(
    parseRequestId,
  );
}

function parseRequestId(text: string): string {
  const requestId = requestIdOf(text);
  if (REQUEST_ID_PATTERN.test(requestId)) return requestId;
  throw new InvalidArgumentError(
    'Expected req_ and 26 digits or upper-case letters, as `process` and `list` print it.',
  );
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `90s`, `10m` or `1.5h` as milliseconds above 0, up to `maxDays`. */
export function duration(maxDays: number): (text: string) => number {
  return (text) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
    const ms = Math.round(Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN));
    if (ms > 0 && ms <= maxDays * 86_400_000) return ms;
    throw new InvalidArgumentError(`Expected a number and a unit, such as 90s, 10m or 2h; at most ${maxDays}d.`);
  };
}

/** Node's timers hold no more than 2^31 - 1 ms. */
export const LONGEST_WAIT_DAYS = 24;

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
