import type { BudgetRules } from './rules.ts';
import { CallBudget } from './call-budget.ts';
import { FleetStore } from './fleet-store.ts';
import type { FleetMemberOptions } from './fleet-member.ts';
import { createMemoryStore } from './memory-store.ts';
import { now } from './steady-clock.ts';

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
export function createFleetBudget(
  rules: Partial<BudgetRules>,
  fleet: Omit<FleetMemberOptions, 'rules' | 'now'>,
): CallBudget {
  const all = { ...DEFAULT_RULES, ...rules };
  return new CallBudget(new FleetStore({ ...fleet, rules: all, now }), all);
}
