import type { BudgetRules } from './budget.ts';
import { CallBudget } from './call-budget.ts';
import { createMemoryStore } from './memory-store.ts';
import { createSharedStore, type SharedStoreOptions } from './shared-store.ts';

/** The provider's contract, and what suits most providers. */
const DEFAULT_RULES: BudgetRules = {
  limit: 1000,
  windowMs: 60_000,
  longestCallMs: 60_000,
  outageAfter: 10,
  probeMs: 5_000,
  backoffMs: 1_000,
};

/** The budget of a process that has the provider to itself. */
export function createCallBudget(rules: Partial<BudgetRules> = {}): CallBudget {
  const all = { ...DEFAULT_RULES, ...rules };
  return new CallBudget(createMemoryStore(all), all);
}

/** One budget for all processes that share a Redis. */
export function createFleetBudget(rules: Partial<BudgetRules>, fleet: Omit<SharedStoreOptions, 'rules'>): CallBudget {
  const all = { ...DEFAULT_RULES, ...rules };
  return new CallBudget(createSharedStore({ ...fleet, rules: all }), all);
}
