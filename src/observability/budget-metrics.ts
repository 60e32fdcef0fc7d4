import type { MetricMeter } from '@temporalio/common';
import type { BudgetView } from '../contract/budget-view.ts';
import { CLOSED_BY } from '../contract/values.ts';

/** The call budget as gauges. Set them when the page is read: between two reads nobody looks. */
export function createBudgetMetrics(meter: MetricMeter): { set(view: BudgetView): void } {
  const gauge = (name: string, description: string, type: 'int' | 'float' = 'int') =>
    // Without a unit: the exporter adds it to the names of histograms, but not of gauges.
    meter.createGauge(`external_api_budget_${name}`, type, undefined, description);
  const used = gauge('used', 'Calls in the window of the call budget');
  const limit = gauge('limit', "Calls that the window may have: ours, or the provider's own limit while that is lower");
  const kept = gauge('kept', 'Calls of the limit that are kept for workers that Redis does not hear of');
  const waiting = gauge('waiting', 'Calls of this process that wait for a permit');
  const nextPermit = gauge('next_permit_seconds', 'Until the next call may go out', 'float');
  const closed = gauge('closed_seconds', 'Until calls go out again, by what keeps them back', 'float');
  const shared = gauge('shared', '1 while the calls of all workers are counted in Redis, else 0');
  const workers = gauge('workers', 'Worker processes that the limit is for');
  return {
    set(view) {
      used.set(view.used);
      limit.set(view.loweredLimit ?? view.limit);
      kept.set(view.kept);
      waiting.set(view.waiting);
      nextPermit.set(view.nextPermitMs / 1000);
      for (const reason of CLOSED_BY) closed.set(view.closedBy === reason ? view.nextPermitMs / 1000 : 0, { reason });
      shared.set(view.countedIn === 'redis' ? 1 : 0);
      workers.set(view.workers);
    },
  };
}
