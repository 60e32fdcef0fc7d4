import { metricMeter } from '@temporalio/workflow';

/** Adds one to a counter. None is made when its module is loaded: modules are loaded once, for all workflows. */
export function count(name: string, description: string, tags: Record<string, string> = {}): void {
  metricMeter.createCounter(name, undefined, description).add(1, tags);
}
