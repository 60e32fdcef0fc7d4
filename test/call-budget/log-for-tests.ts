import {
  OPERATION_OF,
  type BudgetRules,
  type CallClass,
  type CallEnd,
  type Permit,
  type Taken,
} from '../../src/call-budget/rules.ts';
import { PermitLog } from '../../src/call-budget/permit-log.ts';

export const RULES: BudgetRules = {
  limit: 10,
  windowMs: 1_000,
  longestCallMs: 300,
  longestHeldMs: 150,
  outageAfter: 0,
  probeMs: 200,
  backoffMs: 100,
};
export const ANSWERED: CallEnd = { type: 'answered' };

export function logWith(rules: Partial<BudgetRules> = {}): PermitLog {
  return new PermitLog({ ...RULES, ...rules });
}

export function takeOne(log: PermitLog, callClass: CallClass, now: number): Taken {
  return log.take(callClass, OPERATION_OF[callClass], now);
}

/** Takes `count` permits at `now`, which are all there. */
export function take(log: PermitLog, count: number, now: number): Permit[] {
  return Array.from({ length: count }, () => {
    const { permit } = takeOne(log, 'poll', now);
    if (permit === null) throw new Error('no permit');
    return permit;
  });
}
