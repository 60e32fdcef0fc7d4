import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CallEnd, Permit } from '../../src/call-budget/rules.ts';
import { PermitLog } from '../../src/call-budget/permit-log.ts';
import { followsModel, MODEL_RULES } from './log-model.ts';
import { ANSWERED, logWith, RULES, take, takeOne } from './log-for-tests.ts';

/** The most arrivals in any window. */
function worst(arrivals: number[], windowMs: number): number {
  const sorted = arrivals.toSorted((a, b) => a - b);
  return Math.max(0, ...sorted.map((end, last) => sorted.filter((at, n) => n <= last && at > end - windowMs).length));
}

test('[M9][N3] no window of arrivals holds more calls than the limit, however long each call takes to arrive', () => {
  const call = fc.record({
    gapMs: fc.nat({ max: 60 }),
    arrivesMs: fc.nat({ max: 140 }),
    answeredMs: fc.nat({ max: 150 }),
    ends: fc.constantFrom<CallEnd['type'][]>('answered', 'failed', 'unreachable', 'unknown'),
    tells: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.array(call, { maxLength: 120 }), (limit, calls) => {
      const log = logWith({ limit });
      const arrivals: number[] = [];
      const events: { at: number; run: () => void }[] = [];
      let now = 0;
      for (const { gapMs, arrivesMs, answeredMs, ends, tells } of calls) {
        now += gapMs;
        for (const { run } of events.filter(({ at }) => at <= now)) run();
        events.splice(0, events.length, ...events.filter(({ at }) => at > now));
        const { permit } = takeOne(log, 'interactive', now);
        if (permit === null) continue;
        if (ends !== 'unreachable') arrivals.push(now + arrivesMs);
        // A process that died tells nothing.
        if (!tells) continue;
        const at = now + arrivesMs + answeredMs;
        events.push({ at, run: () => log.ended(permit, { type: ends as 'answered' }, at, 0) });
      }
      expect(worst(arrivals, RULES.windowMs)).toBeLessThanOrEqual(limit);
    }),
  );
});

test('[M9] a backlog goes out as fast as the window allows: call k when call k - limit has left it', () => {
  const log = logWith();
  const sent: number[] = [];
  let now = 0;
  while (sent.length < 30) {
    const taken = takeOne(log, 'interactive', now);
    if (taken.permit === null) {
      expect(taken.closedBy).toBe('budget');
      now += taken.waitMs;
      continue;
    }
    sent.push(now);
    now += 5;
    log.ended(taken.permit, ANSWERED, now, 0);
  }
  const late = sent.slice(10).map((at, n) => at - (sent[n] ?? 0) - RULES.windowMs);
  expect(Math.max(...late)).toBeLessThanOrEqual(5);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
});

test('[M9] a slow answer costs no capacity: the permit counts from when the call had surely arrived', () => {
  const log = logWith({ limit: 1 });
  const [permit] = take(log, 1, 0);
  log.arrived(permit as Permit, 20);
  expect(log.peek('interactive', 1, 30)).toEqual({ waitMs: 990, closedBy: 'budget' });
  log.ended(permit as Permit, ANSWERED, 290, 0);
  expect(log.peek('interactive', 1, 1_020)).toEqual({ waitMs: 0, closedBy: null });
});

test('[M9] a call whose process died counts as if it had arrived as late as it can', () => {
  const log = logWith({ limit: 1 });
  take(log, 1, 0);
  expect(log.peek('interactive', 1, 1_200)).toEqual({ waitMs: 100, closedBy: 'budget' });
  expect(log.peek('interactive', 1, 1_300).waitMs).toBe(0);
});

test.each(['unreachable', 'unsent'] as const)('[M9] the permit of a call that never left is given back: %s', (type) => {
  const log = logWith({ limit: 1 });
  const [permit] = take(log, 1, 0);
  log.ended(permit as Permit, { type }, 10, 0);
  expect(log.peek('interactive', 1, 10).waitMs).toBe(0);
});

test('[M9][N3] bulk leaves a tenth of the budget to the others, which may use all of it', () => {
  const log = logWith();
  for (let n = 0; n < 9; n++) expect(takeOne(log, 'bulk', 0).permit).not.toBeNull();
  expect(takeOne(log, 'bulk', 0)).toMatchObject({ permit: null, closedBy: 'budget' });
  expect(log.peek('poll', 1, 0).waitMs).toBe(0);
  take(log, 1, 0);
  expect(takeOne(log, 'token', 0).permit).toBeNull();
});

test('[M9] a budget of one call still serves bulk', () => {
  expect(takeOne(logWith({ limit: 1 }), 'bulk', 0).permit).not.toBeNull();
});

test('[M9] more calls at once than the budget ever has must wait', () => {
  expect(logWith({ limit: 1 }).peek('poll', 2, 0)).toEqual({ waitMs: 1_000, closedBy: 'budget' });
});

test('[M9][N3] whatever is asked of the log, it grants what a list would that is counted anew each time', async () => {
  await followsModel(async (limit) => {
    const log = new PermitLog({ ...MODEL_RULES, limit });
    return {
      take: (callClass, now) => takeOne(log, callClass, now),
      peek: (callClass, calls, now) => log.peek(callClass, calls, now),
      arrived: (permit, now) => log.arrived(permit, now),
      unsent: (permit, now) => log.ended(permit, { type: 'unsent' }, now, 0),
    };
  }, 500);
});

describe('[M9][M20] S6: what a permit costs does not depend on the length of the log', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Elements that methods of arrays have gone through, while `run` ran. */
  function touched(run: () => void): number {
    let count = 0;
    const methods = [
      'filter',
      'find',
      'findIndex',
      'findLastIndex',
      'indexOf',
      'slice',
      'splice',
      'map',
      'some',
    ] as const;
    for (const method of methods) {
      const original = Array.prototype[method] as (...args: unknown[]) => unknown;
      vi.spyOn(Array.prototype, method).mockImplementation(function (this: unknown[], ...args: unknown[]) {
        count += this.length;
        return original.apply(this, args) as never;
      });
    }
    run();
    vi.restoreAllMocks();
    return count;
  }

  test.each([1_000, 100_000])('a full log of %i, arrived and on the way', (limit) => {
    const log = logWith({ limit, windowMs: 1_000_000, longestCallMs: 1_000 });
    const submit = (now: number): Permit => {
      const { permit } = takeOne(log, 'interactive', now);
      if (permit === null) throw new Error('no permit');
      return permit;
    };
    for (let n = 0; n < limit - 500; n++) log.ended(submit(n / 1_000), ANSWERED, n / 1_000, 0);
    const onTheWay = Array.from({ length: 499 }, () => submit(500));
    const count = touched(() => {
      for (const [n, permit] of onTheWay.entries()) {
        log.ended(permit, { type: 'unsent' }, 501 + n, 0);
        const other = submit(501 + n);
        log.peek('interactive', 10, 501 + n);
        log.arrived(other, 501 + n);
        log.ended(other, ANSWERED, 501 + n, 0);
      }
    });
    expect(count).toBeLessThan(100 * 499);
  });

  test('a window that slides for long lets each entry go once', () => {
    const log = logWith({ limit: 5_000, windowMs: 5_000 });
    const count = touched(() => {
      for (let now = 0; now < 50_000; now++)
        log.ended(takeOne(log, 'interactive', now).permit as Permit, ANSWERED, now, 0);
    });
    expect(count).toBeLessThan(50_000 * 100);
  });

  test('a million calls a minute', () => {
    const log = logWith({ limit: 1_000_000, windowMs: 60_000 });
    let granted = 0;
    for (let n = 0; n < 1_100_000; n++) {
      const { permit } = takeOne(log, 'interactive', 1);
      if (permit === null) break;
      granted++;
      log.ended(permit, ANSWERED, 2, 0);
    }
    expect(granted).toBe(1_000_000);
    expect(takeOne(log, 'interactive', 3)).toMatchObject({ permit: null, waitMs: 59_999 });
  });
});
