import type { Idempotency } from '../contract/values.ts';

/**
 * What an ambiguous submit does: the worker's setting, unless the request is stricter. A request may forbid to be sent
 * again; that the provider heeds keys, or that sending twice is harmless, only the configuration can say.
 * @returns 'not_allowed' when the request asks for more than the worker's setting allows
 */
export function effectiveIdempotency(
  asked: Idempotency | null | undefined,
  configured: Idempotency,
): Idempotency | 'not_allowed' {
  if (asked === null || asked === undefined || asked === configured) return configured;
  return asked === 'none' ? 'none' : 'not_allowed';
}
