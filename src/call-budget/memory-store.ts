import type { BudgetRules, PermitStore } from './rules.ts';
import { PermitLog } from './permit-log.ts';

/**
 * The budget of a process that has the provider to itself.
 *
 * @param now milliseconds, of a clock that is never set back
 */
export function createMemoryStore(rules: BudgetRules, now: () => number): PermitStore {
  const log = new PermitLog(rules);
  return {
    isReady: true,
    take: async (callClass, operation) => log.take(callClass, operation, now()),
    peek: async (callClass, calls) => log.peek(callClass, calls, now()),
    closure: async () => log.closure(now()),
    knownClosure: () => log.closure(now()),
    isUsable: (permit) => now() < permit.useBy,
    arrived: async (permit) => log.arrived(permit, now()),
    ended: async (permit, end) => {
      log.ended(permit, end, now(), Math.random());
      return log.isDown;
    },
    heed: async (operation, hint) => log.heed(operation, hint, now()),
    state: async () => log.state(now()),
    close: async () => {},
  };
}
