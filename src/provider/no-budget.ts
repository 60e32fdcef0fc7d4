import type { CallBudget } from '../call-budget/call-budget.ts';
import { OPEN } from '../call-budget/rules.ts';

/** What a call needs of the call budget. */
export type CallGate = Pick<
  CallBudget,
  'enter' | 'closure' | 'knownClosure' | 'isUsable' | 'arrived' | 'ended' | 'heed'
>;

/** Of calls to other origins: they are not what the provider's limit counts, and say nothing of whether it is up. */
export const NO_BUDGET: CallGate = {
  enter: (_class, operation) => Promise.resolve({ id: '', operation, probe: false, outages: 0, useBy: Infinity }),
  closure: () => Promise.resolve(OPEN),
  knownClosure: OPEN,
  isUsable: () => true,
  arrived: () => Promise.resolve(),
  ended: () => Promise.resolve(),
  heed: () => Promise.resolve(),
};
