import type { MetricMeter } from '@temporalio/common';
import type { BudgetView } from '../contract/budget-view.ts';
import { CLOSED_BY } from '../contract/values.ts';
import { instruments } from './instruments.ts';

/** The call budget as gauges. Set them when the page is read: between two reads nobody looks. */
export function createBudgetMetrics(meter: () => MetricMeter): { set(view: BudgetView): void } {
  const { gauge } = instruments(meter);
  const used = gauge('external_api_budget_used');
  const limit = gauge('external_api_budget_limit');
  const kept = gauge('external_api_budget_kept');
  const waiting = gauge('external_api_budget_waiting');
  const nextPermit = gauge('external_api_budget_next_permit_seconds');
  const closed = gauge('external_api_budget_closed_seconds');
  const shared = gauge('external_api_budget_shared');
  const workers = gauge('external_api_budget_workers');
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
