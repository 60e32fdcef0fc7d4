import type { BudgetRules } from './rules.ts';
import { CallBudget } from './call-budget.ts';
import { FleetStore } from './fleet-store.ts';
import type { FleetMemberOptions } from './fleet-member.ts';
import { createMemoryStore } from './memory-store.ts';
import { now } from './steady-clock.ts';

/** The budget of a process that has the provider to itself. */
export function createCallBudget(rules: BudgetRules): CallBudget {
  return new CallBudget(createMemoryStore(rules, now), rules);
}

/** One budget for all processes that share a Redis. */
export function createFleetBudget(rules: BudgetRules, fleet: Omit<FleetMemberOptions, 'rules' | 'now'>): CallBudget {
  return new CallBudget(new FleetStore({ ...fleet, rules, now }), rules);
}
