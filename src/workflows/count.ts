import { metricMeter } from '@temporalio/workflow';

/** Notes a time in a histogram of seconds. */
export function measure(name: string, description: string, ms: number): void {
  metricMeter.createHistogram(name, 'float', 'seconds', description).record(Math.max(0, ms) / 1000);
}

/** Adds one to a counter. None is made when its module is loaded: modules are loaded once, for all workflows. */
export function count(name: string, description: string, tags: Record<string, string> = {}): void {
  metricMeter.createCounter(name, undefined, description).add(1, tags);
}
