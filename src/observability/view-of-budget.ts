import type { BudgetView } from '../contract/budget-view.ts';
import type { BudgetState } from '../call-budget/rules.ts';

/** The budget as others are shown it. `waiting`: calls of this process that wait for a permit. */
export function budgetView(state: BudgetState, waiting: number, now: number): BudgetView {
  return {
    limit: state.limit,
    loweredLimit: state.lowered,
    windowMs: state.windowMs,
    used: state.used,
    nextPermitMs: Math.ceil(state.waitMs),
    bulkNextPermitMs: Math.ceil(state.bulkWaitMs),
    closedBy: state.closedBy,
    failures: state.failures,
    kept: state.kept,
    countedIn: state.countedIn,
    workers: state.workers,
    waiting,
    asOf: new Date(now).toISOString(),
  };
}
