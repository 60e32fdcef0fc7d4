import { performance } from 'node:perf_hooks';

/** Milliseconds since 1970. A wall clock that is set back would let calls out too early. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
