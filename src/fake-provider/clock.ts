import { performance } from 'node:perf_hooks';

/** Milliseconds since 1970 with fractions; unlike Date.now() it never steps back, so windows over it are exact. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** A time of {@link now} as the provider writes it: ISO 8601, UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
