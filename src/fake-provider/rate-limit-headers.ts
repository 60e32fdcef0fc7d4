import type { OutgoingHttpHeaders } from 'node:http';
import type { RoomLeft } from './rate-window.ts';
import type { Settings } from './settings.ts';

/** What an answer at `nowMs` says of the limit. Whole seconds, rounded up: whoever waits as told is admitted. */
export function rateLimitHeaders(
  { rateLimit, rateWindowMs, rateLimitHeaders: form }: Settings,
  { remaining, resetMs }: RoomLeft,
  nowMs: number,
): OutgoingHttpHeaders {
  if (form === 'none' || rateLimit === 0) return {};
  if (form === 'draft') {
    return {
      'ratelimit-policy': `"default";q=${rateLimit};w=${Math.ceil(rateWindowMs / 1000)}`,
      ratelimit: `"default";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
    };
  }
  return {
    'x-ratelimit-limit': rateLimit,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': Math.ceil((nowMs + resetMs) / 1000),
  };
}
