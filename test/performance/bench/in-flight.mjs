import { performance } from 'node:perf_hooks';
import { quantile } from './figures.mjs';

/**
 * Makes `calls` calls, `inFlight` of them at any time, and waits for all.
 *
 * @param {{ inFlight: number, calls: number }} load
 * @param {(n: number) => Promise<unknown>} call `n` counts from 0
 * @returns seconds in all, CPU of this process in all, and quantiles of the latency
 */
export async function keepInFlight({ inFlight, calls }, call) {
  const latencies = [];
  let begun = 0;
  async function callOneAfterTheOther() {
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
