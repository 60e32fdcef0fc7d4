import { millisecondsOf, type Duration } from '../contract/duration.ts';
import { MAX_DEADLINE_MS } from '../contract/limits.ts';
import { InvalidRequestError } from './client-errors.ts';
import type { ClientOptions, ProcessOptions } from './client-options.ts';

/** Node's timers end at once beyond this, which is 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * How long a request may take, or be held, in milliseconds.
 * @param path the option that it is
 * @throws InvalidRequestError
 */
export function requestDuration(path: string, duration: Duration): number {
  const ms = millisecondsOf(duration);
  if (ms > 0 && ms <= MAX_DEADLINE_MS) return ms;
  const expected = `must be milliseconds above 0, or a string such as '10 minutes'; at most ${MAX_DEADLINE_MS / 86_400_000} days`;
  throw new InvalidRequestError([{ path, message: expected }]);
}

/**
 * How long a caller waits, in milliseconds, as far as a timer can.
 * @throws InvalidRequestError
 */
export function waitDuration(path: string, duration: Duration): number {
  const ms = millisecondsOf(duration);
  if (ms > 0) return Math.min(ms, LONGEST_TIMER_MS);
  throw new InvalidRequestError([{ path, message: "must be milliseconds above 0, or a string such as '10 minutes'" }]);
}

/**
 * The times of a request, in milliseconds; null: none was asked for.
 * @throws InvalidRequestError
 */
export function timesOf(
  { deadline, unknownHold, cacheMaxAge }: Pick<ProcessOptions, 'deadline' | 'unknownHold' | 'cacheMaxAge'>,
  { defaultDeadline = '1 hour', defaultUnknownHold }: ClientOptions,
) {
  const optional = (path: string, duration: Duration | undefined): number | null =>
    duration === undefined ? null : requestDuration(path, duration);
  return {
    deadlineMs: requestDuration('deadline', deadline ?? defaultDeadline),
    unknownHoldMs: optional('unknownHold', unknownHold ?? defaultUnknownHold),
    cacheMaxAgeMs: optional('cacheMaxAge', cacheMaxAge),
  };
}
