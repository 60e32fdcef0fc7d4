import type { BudgetRules, PermitStore } from './budget.ts';
import { now } from './clock.ts';
import { PermitLog } from './permit-log.ts';

/** The budget of a process that has the provider to itself. */
export function createMemoryStore(rules: BudgetRules): PermitStore {
  const log = new PermitLog(rules);
  return {
    take: async (callClass) => log.take(callClass, now()),
    peek: async (callClass, calls) => log.peek(callClass, calls, now()),
    arrived: async (permit) => log.arrived(permit, now()),
    ended: async (permit, end) => log.ended(permit, end, now(), Math.random()),
    heed: async (hint) => log.heed(hint, now()),
    state: async () => log.state(now()),
    close: async () => {},
  };
}
