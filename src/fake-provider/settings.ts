import { type Check, checkMembers, integer, milliseconds, number, object, oneOf, optional } from './checks.ts';

/** How this provider behaves when no fault is scripted. All of it can be changed while it runs. */
export interface Settings {
  /** Calls admitted in any `rateWindowMs`, over all three endpoints; 0: no limit. */
  rateLimit: number;
  rateWindowMs: number;
  /** How a 429 writes Retry-After (RFC 9110, section 10.2.3). */
  retryAfterForm: 'seconds' | 'http-date';
  /**
   * How every answer tells of the limit: not at all; `RateLimit` and `RateLimit-Policy` of
   * draft-ietf-httpapi-ratelimit-headers; or `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds since 1970).
   */
  rateLimitHeaders: 'none' | 'draft' | 'x';
  /** Seconds that an access token is accepted. */
  tokenLifetimeS: number;
  /** Members that replace those of the token answer; null removes one: `{token_type: null, expires_in: '3600'}`. */
  tokenAnswer: Record<string, unknown>;
  /** How long an async job takes. A sync one is done at once. */
  jobDurationMs: number;
  asyncStatusCode: 200 | 202;
  /** Times that a finished job's callback is sent; 0: never. */
  callbackCount: number;
  /** From the end of the job to its callback, and between repeated ones. */
  callbackDelayMs: number;
  /** Whether a repeated Idempotency-Key gets the first answer again, or is executed again. */
  idempotency: 'honour' | 'ignore';
  /** Whether `DELETE /status/{request_id}` cancels, which the contract does not have. */
  cancel: 'on' | 'off';
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  rateLimit: 1000,
  rateWindowMs: 60_000,
  retryAfterForm: 'seconds',
  rateLimitHeaders: 'none',
  tokenLifetimeS: 3600,
  tokenAnswer: {},
  jobDurationMs: 1000,
  asyncStatusCode: 202,
  callbackCount: 1,
  callbackDelayMs: 0,
  idempotency: 'honour',
  cancel: 'off',
};

const CHECKS: Record<keyof Settings, Check> = {
  rateLimit: optional(integer(0, 1_000_000)),
  rateWindowMs: optional(integer(1, 86_400_000)),
  retryAfterForm: optional(oneOf('seconds', 'http-date')),
  rateLimitHeaders: optional(oneOf('none', 'draft', 'x')),
  tokenLifetimeS: optional(number(0, 1_000_000_000)),
  tokenAnswer: optional(object),
  jobDurationMs: optional(milliseconds),
  asyncStatusCode: optional(oneOf(200, 202)),
  callbackCount: optional(integer(0, 1000)),
  callbackDelayMs: optional(milliseconds),
  idempotency: optional(oneOf('honour', 'ignore')),
  cancel: optional(oneOf('on', 'off')),
};

/** @throws {InvalidInput} */
export function parseSettings(patch: unknown): Partial<Settings> {
  checkMembers(patch, CHECKS, 'settings');
  return patch as Partial<Settings>;
}
