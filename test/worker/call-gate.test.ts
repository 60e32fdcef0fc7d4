import { expect, test } from 'vitest';
import { budgetWith } from '../helpers/call-budget.ts';
import { CallGate } from '../../src/worker/call-gate.ts';

const OPEN = new AbortController().signal;

/** Whether the gate lets a poll through now. */
async function opens(gate: CallGate): Promise<boolean> {
  const abort = new AbortController();
  const slot = gate.reserveSlot(null, abort.signal).then(
    () => true,
    () => false,
  );
  const soon = new Promise<boolean>((resolve) => setTimeout(resolve, 30, false));
  const opened = await Promise.race([slot, soon]);
  abort.abort(new Error('given up'));
  return opened;
}

test('[M9] every open poll may bring a task: the gate promises no more than there is room for', async () => {
  const gate = new CallGate(budgetWith({ limit: 2 }), 'interactive', 10);
  expect(await opens(gate)).toBe(true);
  expect(await opens(gate)).toBe(true);
  expect(await opens(gate)).toBe(false);
});

test('[M9] a task that has taken its permit is promised no more, and its poll can be followed by the next', async () => {
  const budget = budgetWith({ limit: 2 });
  const gate = new CallGate(budget, 'interactive', 10);
  const permit = await gate.reserveSlot(null, OPEN);
  gate.markSlotUsed({ permit });
  await budget.enter('interactive', 'submit');
  expect(await opens(gate)).toBe(true);
  expect(await opens(gate)).toBe(false);
});

test('[M9] a poll that brought nothing gives its promise back', async () => {
  const gate = new CallGate(budgetWith({ limit: 1 }), 'interactive', 10);
  const permit = await gate.reserveSlot(null, OPEN);
  expect(await opens(gate)).toBe(false);
  gate.releaseSlot({ permit });
  expect(await opens(gate)).toBe(true);
});

test('[M9] it opens when the budget has room again', async () => {
  const budget = budgetWith({ limit: 1, windowMs: 50 });
  await budget.ended(await budget.enter('poll', 'status'), { type: 'answered' });
  const gate = new CallGate(budget, 'interactive', 10);
  await expect(gate.reserveSlot(null, OPEN)).resolves.toBeDefined();
});

test('[M9] no more tasks run at once than it has slots', async () => {
  const gate = new CallGate(budgetWith(), 'interactive', 1);
  const permit = await gate.reserveSlot(null, OPEN);
  gate.markSlotUsed({ permit });
  expect(await opens(gate)).toBe(false);
  const next = gate.reserveSlot(null, OPEN);
  gate.releaseSlot({ permit });
  await expect(next).resolves.toBeDefined();
});

test('[M9] a shutdown ends the wait at once, with its own reason, whether for room or for a slot', async () => {
  const full = budgetWith({ limit: 1, windowMs: 3_600_000 });
  await full.enter('poll', 'status');
  const noSlot = new CallGate(budgetWith(), 'interactive', 1);
  await noSlot.reserveSlot(null, OPEN);
  for (const gate of [new CallGate(full, 'interactive', 10), noSlot]) {
    const shutdown = new AbortController();
    const waiting = gate.reserveSlot(null, shutdown.signal);
    shutdown.abort(new Error('shutdown'));
    await expect(waiting).rejects.toThrow('shutdown');
  }
});

test('[M9] eager tasks are not taken: they would not wait for the budget', () => {
  expect(new CallGate(budgetWith(), 'interactive', 10).tryReserveSlot()).toBeNull();
});
