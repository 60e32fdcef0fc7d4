import { CallBudget } from '../../src/call-budget/call-budget.ts';
import { createMemoryStore } from '../../src/call-budget/memory-store.ts';
import type { BudgetRules } from '../../src/call-budget/rules.ts';
import { now as steadyNow } from '../../src/call-budget/steady-clock.ts';

const RULES: BudgetRules = {
  limit: 1000,
  windowMs: 60_000,
  longestCallMs: 60_000,
  longestHeldMs: 30_000,
  outageAfter: 10,
  probeMs: 5_000,
  backoffMs: 1_000,
};

/** A budget by the rules of a worker that is configured with nothing, but for those named. */
export function budgetWith(rules: Partial<BudgetRules> = {}, now: () => number = steadyNow): CallBudget {
  const all = { ...RULES, ...rules };
  return new CallBudget(createMemoryStore(all, now), all);
}
