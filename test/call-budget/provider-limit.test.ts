import { expect, test } from 'vitest';
import type { RateHint } from '../../src/call-budget/rules.ts';
import type { PermitLog } from '../../src/call-budget/permit-log.ts';
import { ANSWERED, logWith, take, takeOne } from './log-for-tests.ts';

const NOTHING: RateHint = { limit: null, windowMs: null, remaining: null, resetMs: null };
const PER_MINUTE = { limit: 1000, windowMs: 60_000, longestCallMs: 60_000 };

/** How many status calls go out at `now`, one after the other. */
function polls(log: PermitLog, now: number): number {
  let count = 0;
  for (; count < 2_000; count++) {
    const { permit } = takeOne(log, 'poll', now);
    if (permit === null) break;
    log.ended(permit, ANSWERED, now, 0);
  }
  return count;
}

test('[M9] S7: the provider may lower the limit of an operation for a while, and never raise it', () => {
  const log = logWith();
  log.heed('status', { ...NOTHING, limit: 50 }, 0);
  expect(polls(log, 0)).toBe(9);
  const other = logWith();
  other.heed('status', { ...NOTHING, limit: 4 }, 0);
  expect(polls(other, 0)).toBe(4);
  expect(takeOne(other, 'poll', 0)).toMatchObject({ permit: null, waitMs: 1_000, closedBy: 'budget' });
  other.heed('submit', { ...NOTHING, limit: 3 }, 0);
  expect(other.state(0)).toMatchObject({ limit: 10, lowered: 3, used: 4 });
  expect(other.state(2_000)).toMatchObject({ lowered: null });
  expect(polls(other, 2_000)).toBe(9);
});

test('[M9] S7: what it says of tokens is for tokens alone', () => {
  const log = logWith(PER_MINUTE);
  log.heed('token', { ...NOTHING, limit: 5, remaining: 4, resetMs: 60_000 }, 0);
  for (let n = 0; n < 4; n++) expect(takeOne(log, 'token', 0).permit).not.toBeNull();
  expect(takeOne(log, 'token', 0)).toMatchObject({ permit: null, closedBy: 'budget' });
  expect(takeOne(log, 'interactive', 0).permit).not.toBeNull();
  expect(polls(log, 0)).toBe(896);
  expect(log.state(0).lowered).toBeNull();
});

test('[M9] S7: a limit per second holds per second, once a whole window of ours was watched; until then in ours', () => {
  const log = logWith(PER_MINUTE);
  const perSecond = { ...NOTHING, limit: 20, remaining: 1000, resetMs: 1_000 };
  log.heed('status', perSecond, 0);
  expect(polls(log, 0)).toBe(20);
  expect(polls(log, 30_000)).toBe(0);
  log.heed('status', perSecond, 59_999);
  log.heed('status', perSecond, 120_000);
  const perSecondNow = [120_000, 120_500, 121_000, 122_000].map((now) => polls(log, now));
  expect(perSecondNow).toEqual([20, 0, 20, 20]);
  expect(log.peek('poll', 1, 122_001).waitMs).toBe(999);
});

test('[M9] S7: a limit that names its window is heeded in that window at once; a longer one is shared out over ours', () => {
  const log = logWith(PER_MINUTE);
  log.heed('submit', { ...NOTHING, limit: 10, windowMs: 1_000 }, 0);
  expect(log.state(0).lowered).toBe(600);
  log.heed('submit', { ...NOTHING, limit: 5_000, windowMs: 3_600_000 }, 0);
  expect(log.state(0).lowered).toBe(83);
});

test('[M9] S7: calls that others make with our credentials count until the provider forgets them', () => {
  const log = logWith();
  for (const permit of take(log, 2, 0)) log.ended(permit, ANSWERED, 0, 0);
  log.heed('status', { ...NOTHING, remaining: 3, resetMs: 400 }, 0);
  expect(polls(log, 0)).toBe(3);
  expect(takeOne(log, 'poll', 0)).toMatchObject({ permit: null, waitMs: 400, closedBy: 'budget' });
  expect(takeOne(log, 'interactive', 0).permit).not.toBeNull();
  expect(log.peek('poll', 1, 400).waitMs).toBe(0);
});

test('[M9] S7: calls on their way may be among those that are left, or not: they count', () => {
  const log = logWith();
  take(log, 2, 0);
  log.heed('status', { ...NOTHING, remaining: 3, resetMs: 400 }, 0);
  expect(polls(log, 0)).toBe(1);
});
