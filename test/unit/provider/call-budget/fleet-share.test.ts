import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BudgetRules } from '../../../../src/provider/call-budget/budget.ts';
import { FleetShare, type LastKnown } from '../../../../src/provider/call-budget/fleet-share.ts';
import { PermitLog } from '../../../../src/provider/call-budget/permit-log.ts';
import { worstWindow } from '../../../helpers/sliding-window.mjs';

const RULES: BudgetRules = {
  limit: 10,
  windowMs: 1_000,
  longestCallMs: 300,
  outageAfter: 0,
  probeMs: 200,
  backoffMs: 100,
};

function share(known: Partial<LastKnown> = {}, rules: Partial<BudgetRules> = {}, now = 0): FleetShare {
  const nothing = { open: [], stamps: [], others: false, closedMs: 0, failures: 0, lowered: null };
  return new FleetShare({ ...RULES, ...rules }, { grant: 5, ...nothing, ...known }, now);
}

/** How many calls go out at `now`, one after the other. */
function takeAll(from: FleetShare, now: number, prefix = 'p'): number {
  let count = 0;
  while (from.take('poll', `${prefix}${now}-${count}`, now).permit !== null) count++;
  return count;
}

/** A call of worker `by` before Redis was lost. */
interface EarlierCall {
  id: string;
  by: number;
  takenAt: number;
  arrivesAt: number;
}

test('[M9][N3] when all workers lose Redis at once, no window holds more calls than the limit, whatever each had seen', () => {
  const call = fc.record({ gapMs: fc.nat({ max: 60 }), by: fc.nat({ max: 3 }), arrivesMs: fc.nat({ max: 140 }) });
  const worker = fc.record({ seenMs: fc.nat({ max: 400 }), noticesMs: fc.nat({ max: 400 }) });
  const fleet = fc.record({
    limit: fc.integer({ min: 1, max: 12 }),
    workers: fc.array(worker, { minLength: 1, maxLength: 4 }),
    before: fc.array(call, { maxLength: 80 }),
    after: fc.array(call, { minLength: 150, maxLength: 250 }),
  });
  fc.assert(
    fc.property(fleet, ({ limit, workers, before, after }) => {
      const rules = { ...RULES, limit };
      const grant = Math.floor(limit / workers.length);
      const log = new PermitLog(rules);
      const lostAt = before.reduce((sum, { gapMs }) => sum + gapMs, 0);

      const calls: EarlierCall[] = [];
      const onTheWay: EarlierCall[] = [];
      let now = 0;
      for (const { gapMs, by, arrivesMs } of before) {
        now += gapMs;
        for (const { id, arrivesAt } of onTheWay) if (arrivesAt <= now) log.arrived({ id, probe: false }, arrivesAt);
        const { permit } = log.take('interactive', now);
        if (permit === null) continue;
        const mine = by % workers.length;
        const late = calls.filter((other) => other.by === mine && other.arrivesAt > lostAt).length;
        // What the share relies on: no worker has more calls on their way than its share.
        const arrivesAt = late < grant ? now + arrivesMs : Math.min(now + arrivesMs, lostAt);
        const made = { id: permit.id, by: mine, takenAt: now, arrivesAt };
        calls.push(made);
        onTheWay.push(made);
      }

      const shares = workers.map(({ seenMs, noticesMs }, by) => {
        const [seenAt, at] = [lostAt - seenMs, lostAt + noticesMs];
        const mine = calls.filter((one) => one.by === by);
        const others = calls.filter((one) => one.by !== by && one.takenAt <= seenAt);
        const stampOf = ({ takenAt, arrivesAt }: EarlierCall): number =>
          arrivesAt <= seenAt ? arrivesAt : takenAt + rules.longestCallMs;
        const stamps = [
          ...others.map(stampOf),
          ...mine.filter(({ arrivesAt }) => arrivesAt <= at).map((one) => Math.min(at, stampOf(one))),
        ];
        const open = mine.filter(({ arrivesAt }) => arrivesAt > at).map(({ id }) => id);
        const known = { grant, open, stamps, others: workers.length > 1 };
        return { at, share: share(known, rules, at) };
      });

      const arrivals = calls.map(({ arrivesAt }) => arrivesAt);
      const events: { at: number; run: () => void }[] = calls.map(({ id, by, arrivesAt }) => ({
        at: arrivesAt,
        run: () => shares[by]?.share.arrived({ id, probe: false }, arrivesAt),
      }));
      now = lostAt;
      for (const [n, { gapMs, by, arrivesMs }] of after.entries()) {
        now += gapMs;
        for (const { run } of events.filter(({ at }) => at <= now)) run();
        events.splice(0, events.length, ...events.filter(({ at }) => at > now));
        const { at, share: own } = shares[by % shares.length] as (typeof shares)[number];
        if (now < at) continue;
        const { permit } = own.take('interactive', `after-${n}`, now);
        if (permit === null) continue;
        const arrivesAt = now + arrivesMs;
        arrivals.push(arrivesAt);
        events.push({ at: arrivesAt, run: () => own.arrived(permit, arrivesAt) });
      }
      expect(worstWindow(arrivals, rules.windowMs)).toBeLessThanOrEqual(limit);
    }),
    { numRuns: 300 },
  );
});

test('[M9] one of several waits for a window, in which the others may have sent all, and then has its share in each', () => {
  const own = share({ others: true, stamps: [-500, -400] });
  expect(own.take('token', 'early', 0)).toEqual({ permit: null, waitMs: 1_000, closedBy: 'budget' });
  expect(takeAll(own, 999)).toBe(0);
  expect(takeAll(own, 1_000)).toBe(5);
  expect(own.peek('poll', 1, 1_000).closedBy).toBe('budget');
});

test('[M9] a worker that is alone goes on as if nothing had happened', () => {
  const own = share({ grant: 10, stamps: Array.from({ length: 10 }, (_, n) => n * 10 - 900) });
  expect(own.take('poll', 'p', 0)).toEqual({ permit: null, waitMs: 100, closedBy: 'budget' });
  expect(takeAll(own, 110)).toBe(2);
});

test('[M9] a call that was on its way counts from when it arrived; another of the same worker may follow', () => {
  const own = share({ grant: 1, open: ['a'] });
  own.arrived({ id: 'a', probe: false }, 50);
  expect(own.peek('poll', 1, 50).waitMs).toBe(1_000);
  expect(own.peek('poll', 1, 1_050).waitMs).toBe(0);
});

test('[N2] what the provider had asked for before the loss still holds: cool-down, outage, lower limit', () => {
  expect(share({ closedMs: 700 }).take('poll', 'p', 100)).toMatchObject({ waitMs: 600, closedBy: 'cool_down' });
  expect(share({ failures: 7 }, { outageAfter: 3 }).take('poll', 'p', 0)).toMatchObject({ closedBy: 'outage' });
  expect(takeAll(share({ failures: 2 }, { outageAfter: 3 }), 0)).toBe(5);
  expect(takeAll(share({ lowered: 4 }), 0)).toBe(2);
});

test('[M9] what the provider says of its limit is for all workers: each takes its part of it, for two windows', () => {
  const own = share();
  own.heed({ limit: 4, remaining: null, resetMs: null }, 0);
  expect(own.state(0)).toMatchObject({ limit: 10, lowered: 4 });
  expect(takeAll(own, 0)).toBe(2);
  expect(takeAll(own, 2_000)).toBe(5);
  const other = share();
  other.heed({ limit: null, remaining: 6, resetMs: 400 }, 0);
  expect(takeAll(other, 0)).toBe(3);
});

test('[M9] a share follows the fleet: a worker with none sends nothing, and bulk leaves a part of each share', () => {
  const own = share({ grant: 0 });
  expect(own.take('token', 'p', 0)).toMatchObject({ permit: null, closedBy: 'budget' });
  own.regrant(10);
  expect(Array.from({ length: 12 }, (_, n) => own.take('bulk', `b${n}`, 0).permit).filter(Boolean)).toHaveLength(9);
  expect(takeAll(own, 0)).toBe(1);
});
