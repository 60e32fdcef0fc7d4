import { performance } from 'node:perf_hooks';
import { quantile } from './figures.ts';

export interface Load {
  /** Calls at any time. */
  inFlight: number;
  /** Calls in all. */
  calls: number;
}

export interface LoadSample {
  calls: number;
  /** In all. */
  seconds: number;
  perSecond: number;
  /** Of the latency. */
  p50Ms: number;
  p99Ms: number;
  /** Of this process, in all. */
  cpuMs: number;
}

/**
 * Makes `calls` calls, `inFlight` of them at any time, and waits for all.
 *
 * @param call `n` counts from 0
 */
export async function keepInFlight(
  { inFlight, calls }: Load,
  call: (n: number) => Promise<unknown>,
): Promise<LoadSample> {
  const latencies: number[] = [];
  let begun = 0;
  async function callOneAfterTheOther(): Promise<void> {
    while (begun < calls) {
      const startedAt = performance.now();
      await call(begun++);
      latencies.push(performance.now() - startedAt);
    }
  }
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, callOneAfterTheOther));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    calls,
    seconds,
    perSecond: calls / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    cpuMs: (user + system) / 1000,
  };
}
