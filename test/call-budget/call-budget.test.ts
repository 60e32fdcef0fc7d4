import { expect, test } from 'vitest';
import type { PermitStore, Taken } from '../../src/call-budget/rules.ts';
import { CallBudget, NoPermitError } from '../../src/call-budget/call-budget.ts';
import { budgetWith } from '../helpers/call-budget.ts';

/** A store whose every permit is asked for in vain, for as long as `taken` says. */
function closed(taken: () => Taken): CallBudget {
  return new CallBudget({ take: async () => taken() } as unknown as PermitStore, { limit: 1, windowMs: 1 });
}

test('[M9] who would wait longer than 5 s gives the turn back at once, and learns why and for how long', async () => {
  const budget = closed(() => ({ permit: null, waitMs: 5_001, closedBy: 'cool_down' }));
  const refused = budget.enter('poll', 'status').catch((error: unknown) => error);
  expect(await refused).toBeInstanceOf(NoPermitError);
  expect(await refused).toMatchObject({ closedBy: 'cool_down', waitMs: 5_001 });
  expect(budget.waiting).toBe(0);
});

test('[M9] who waits is counted, looks again when a permit may be back, and gives up after 5 s', async () => {
  let looks = 0;
  const budget = closed(() => {
    looks++;
    return { permit: null, waitMs: 3_500, closedBy: 'budget' };
  });
  const refused = budget.enter('poll', 'status').catch((error: unknown) => error);
  expect(budget.waiting).toBe(1);
  expect(await refused).toMatchObject({ closedBy: 'budget' });
  // At once, and after one and two seconds: from then on the permit would come after the 5 s.
  expect(looks).toBe(3);
  expect(budget.waiting).toBe(0);
});

test('[M9] an aborted wait ends at once, with the reason of the abort', async () => {
  const budget = closed(() => ({ permit: null, waitMs: 3_000, closedBy: 'budget' }));
  const abort = new AbortController();
  const ended = budget.enter('poll', 'status', abort.signal).catch((error: unknown) => error);
  abort.abort(new Error('cancelled'));
  expect(await ended).toEqual(new Error('cancelled'));
  expect(budget.waiting).toBe(0);
});

test('[M9] the gate counts calls that wait here and tasks that were promised: room is for all of them or for none', async () => {
  const budget = budgetWith({ limit: 3 });
  expect(await budget.room('interactive', 2)).toMatchObject({ waitMs: 0 });
  await budget.enter('interactive', 'submit');
  expect(await budget.room('interactive', 1)).toMatchObject({ waitMs: 0 });
  expect(await budget.room('interactive', 2)).toMatchObject({ closedBy: 'budget' });
});

test('[N2] it says whether the provider is down, as of the latest call', async () => {
  const budget = budgetWith({ outageAfter: 2, probeMs: 10 });
  for (const down of [false, true]) {
    await budget.ended(await budget.enter('poll', 'status'), { type: 'failed' });
    expect(budget.isDown).toBe(down);
  }
  await budget.ended(await budget.enter('poll', 'status'), { type: 'answered' });
  expect(budget.isDown).toBe(false);
});
