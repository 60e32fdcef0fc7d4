import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CallEnd, Permit, PermitStore, Taken } from '../../src/call-budget/rules.ts';
import { CallBudget } from '../../src/call-budget/call-budget.ts';
import type { Operation } from '../../src/contract/values.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import { ANSWERED } from './log-for-tests.ts';

/** A store that is asked, and answers when the test says. */
function storeByHand() {
  const asked: { operation: Operation; answer: (taken: Taken) => void }[] = [];
  const ended: { id: string; end: CallEnd }[] = [];
  const store: Pick<PermitStore, 'take' | 'ended'> = {
    take: (_callClass, operation) => new Promise((answer) => asked.push({ operation, answer })),
    ended: async ({ id }, end) => (ended.push({ id, end }), false),
  };
  return { asked, ended, budget: new CallBudget(store as PermitStore, { limit: 1, windowMs: 1 }) };
}

const permit = (id: string): { permit: Permit } => ({
  permit: { id, operation: 'status', probe: false, outages: 0, useBy: Infinity },
});
const FULL: Taken = { permit: null, waitMs: 1, closedBy: 'budget' };

describe('[M9] the line of those who wait', () => {
  test('a permit for a call that was aborted while it was asked for is given back', async () => {
    const { asked, ended, budget } = storeByHand();
    const abort = new AbortController();
    const entered = budget.enter('poll', 'status', abort.signal).catch((error: unknown) => error);
    abort.abort(new Error('cancelled'));
    asked[0]?.answer(permit('first'));
    expect(await entered).toEqual(new Error('cancelled'));
    expect(ended).toEqual([{ id: 'first', end: { type: 'unsent' } }]);
  });

  test('a permit for one who has left the line meanwhile is given back', async () => {
    const { asked, ended, budget } = storeByHand();
    const abort = new AbortController();
    const entered = budget.enter('poll', 'status', abort.signal).catch((error: unknown) => error);
    asked[0]?.answer(FULL);
    await vi.waitUntil(() => asked.length === 2);
    abort.abort(new Error('cancelled'));
    expect(await entered).toEqual(new Error('cancelled'));
    asked[1]?.answer(permit('late'));
    await setImmediate();
    expect(ended).toEqual([{ id: 'late', end: { type: 'unsent' } }]);
  });

  test('nobody overtakes one who waits for the same', async () => {
    const { asked, budget } = storeByHand();
    const got: string[] = [];
    const enter = async (): Promise<unknown> => got.push((await budget.enter('poll', 'status')).id);
    const first = enter();
    asked[0]?.answer(FULL);
    await setImmediate();
    const second = enter();
    // Only who is first in the line is asked for.
    await vi.waitUntil(() => asked.length === 2);
    await setImmediate();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(permit('a'));
    await first;
    await vi.waitUntil(() => asked.length === 3);
    asked[2]?.answer(permit('b'));
    await second;
    expect(got).toEqual(['a', 'b']);
  });
});

describe('[N3][N15] while others wait', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const RULES = { limit: 40, windowMs: 4_000 };
  const TENTH_MS = RULES.windowMs / 10;
  const now = (): number => performance.now();

  test('S1: a tenth of the calls is there for interactive submits in a tenth of the window, though a poll waits', async () => {
    const budget = budgetWith(RULES, now);
    for (let n = 0; n < 36; n++) await budget.ended(await budget.enter('poll', 'status'), ANSWERED);
    const poll = budget.enter('poll', 'status');
    await vi.advanceTimersByTimeAsync(1);
    let entered = 0;
    for (let n = 0; n < 4; n++) void budget.enter('interactive', 'submit').then(() => entered++);
    await vi.advanceTimersByTimeAsync(TENTH_MS);
    expect(entered).toBe(4);
    await vi.advanceTimersByTimeAsync(RULES.windowMs);
    expect(await poll).toMatchObject({ operation: 'status' });
  });

  test('S1: 200 jobs that are all due keep none of an interactive submit a second waiting longer than a tenth of a window', async () => {
    const budget = budgetWith(RULES, now);
    const until = now() + 10 * RULES.windowMs;
    const poll = async (): Promise<void> => {
      while (now() < until) {
        const polled = await budget.enter('poll', 'status').catch(() => null);
        if (polled !== null) await budget.ended(polled, ANSWERED);
        // As a task that went back to the queue, and came again.
        else await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    for (let n = 0; n < 200; n++) void poll();
    const waits: number[] = [];
    const submit = async (): Promise<void> => {
      const from = now();
      await budget.ended(await budget.enter('interactive', 'submit'), ANSWERED);
      waits.push(now() - from);
    };
    for (let n = 0; n < 40; n++) {
      void submit();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(waits).toHaveLength(40);
    expect(waits.filter((ms) => ms > TENTH_MS)).toEqual([]);
  });

  test('S7: the provider’s limit of one operation holds up no other of its class, and does not send it back', async () => {
    const budget = budgetWith({}, now);
    const left = { limit: null, windowMs: null, remaining: 0 };
    await budget.heed('cancel', { ...left, resetMs: 4_500 });
    const cancel = budget.enter('poll', 'cancel').catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(20);
    let entered = 0;
    const enter = (): unknown => void budget.enter('poll', 'status').then(() => entered++);
    enter();
    await vi.advanceTimersByTimeAsync(20);
    expect(entered).toBe(1);
    // Both wait, and the wait of one grows too long.
    await budget.heed('status', { ...left, resetMs: 1_000 });
    enter();
    await vi.advanceTimersByTimeAsync(20);
    await budget.heed('cancel', { ...left, resetMs: 60_000 });
    await vi.advanceTimersByTimeAsync(1_100);
    expect(await cancel).toMatchObject({ closedBy: 'budget' });
    expect(entered).toBe(2);
  });

  test('S1: who comes while others are asked for is asked for next, not when those look again', async () => {
    const { asked, budget } = storeByHand();
    const full: Taken = { permit: null, waitMs: 3_000, closedBy: 'budget' };
    const answerNext = async (operation: Operation): Promise<void> => {
      await vi.advanceTimersByTimeAsync(TENTH_MS);
      expect(asked.at(-1)?.operation).toBe(operation);
      asked.at(-1)?.answer(full);
    };
    const enter = (...call: Parameters<CallBudget['enter']>): unknown => void budget.enter(...call).catch(() => {});
    enter('poll', 'status');
    enter('interactive', 'submit');
    asked[0]?.answer(full);
    asked[1]?.answer(full);
    await vi.advanceTimersByTimeAsync(1_000);
    await answerNext('status');
    await vi.advanceTimersByTimeAsync(1);
    enter('poll', 'cancel');
    for (const operation of ['submit', 'status', 'cancel'] as const) await answerNext(operation);
  });
});
