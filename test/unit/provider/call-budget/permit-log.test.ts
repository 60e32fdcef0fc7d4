import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BudgetRules, CallEnd, Permit } from '../../../../src/provider/call-budget/budget.ts';
import { PermitLog } from '../../../../src/provider/call-budget/permit-log.ts';

const RULES: BudgetRules = {
  limit: 10,
  windowMs: 1_000,
  longestCallMs: 300,
  outageAfter: 0,
  probeMs: 200,
  backoffMs: 100,
};
const ANSWERED: CallEnd = { type: 'answered' };

function logWith(rules: Partial<BudgetRules> = {}): PermitLog {
  return new PermitLog({ ...RULES, ...rules });
}

/** Takes `count` permits at `now`, which are all there. */
function take(log: PermitLog, count: number, now: number): Permit[] {
  return Array.from({ length: count }, () => {
    const { permit } = log.take('interactive', now);
    if (permit === null) throw new Error('no permit');
    return permit;
  });
}

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
        const { permit } = log.take('interactive', now);
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
    const taken = log.take('interactive', now);
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
  for (let n = 0; n < 9; n++) expect(log.take('bulk', 0).permit).not.toBeNull();
  expect(log.take('bulk', 0)).toMatchObject({ permit: null, closedBy: 'budget' });
  expect(log.peek('poll', 1, 0).waitMs).toBe(0);
  take(log, 1, 0);
  expect(log.take('token', 0).permit).toBeNull();
});

test('[M9] a budget of one call still serves bulk', () => {
  expect(logWith({ limit: 1 }).take('bulk', 0).permit).not.toBeNull();
});

test('[M9] more calls at once than the budget ever has must wait', () => {
  expect(logWith({ limit: 1 }).peek('poll', 2, 0)).toEqual({ waitMs: 1_000, closedBy: 'budget' });
});

test('[N2][M5] a refusal closes the provider for as long as it said, for every kind of call', () => {
  const log = logWith();
  const [permit] = take(log, 1, 0);
  log.ended(permit as Permit, { type: 'refused', retryAfterMs: 700 }, 0, 0);
  for (const callClass of ['interactive', 'poll', 'token', 'bulk'] as const) {
    expect(log.take(callClass, 100)).toEqual({ permit: null, waitMs: 600, closedBy: 'cool_down' });
  }
  expect(log.take('poll', 700).permit).not.toBeNull();
});

test('[N2] a shorter wait asked for later does not open the provider early; none is longer than an hour', () => {
  const log = logWith();
  const [a, b] = take(log, 2, 0);
  log.ended(a as Permit, { type: 'refused', retryAfterMs: 700 }, 0, 0);
  log.ended(b as Permit, { type: 'refused', retryAfterMs: 10 }, 0, 0);
  expect(log.peek('poll', 1, 100).waitMs).toBe(600);
  const other = logWith();
  log.ended(b as Permit, { type: 'refused', retryAfterMs: 1e12 }, 0, 0);
  other.ended(b as Permit, { type: 'refused', retryAfterMs: 1e12 }, 0, 0);
  expect(other.peek('poll', 1, 0).waitMs).toBe(3_600_000);
});

test('[N2][M5] refusals without Retry-After: the wait doubles with each that follows a wait, and a good answer ends that', () => {
  const log = logWith();
  const waits: number[] = [];
  let now = 0;
  for (let n = 0; n < 3; n++) {
    const [one, same] = take(log, 2, now);
    log.ended(one as Permit, { type: 'refused', retryAfterMs: null }, now, 1);
    log.ended(same as Permit, { type: 'refused', retryAfterMs: null }, now, 1);
    const { waitMs } = log.peek('poll', 1, now);
    waits.push(waitMs);
    // Past the second in which it opens slowly.
    now += waitMs + 1_000;
  }
  expect(waits).toEqual([100, 200, 400]);
  const [good, bad] = take(log, 2, now);
  log.ended(good as Permit, ANSWERED, now, 1);
  log.ended(bad as Permit, { type: 'refused', retryAfterMs: null }, now, 0);
  expect(log.peek('poll', 1, now).waitMs).toBe(50);
});

test('[N2] after a wait calls go out evenly over a second, not all at once', () => {
  const log = logWith();
  const [permit] = take(log, 1, 0);
  log.ended(permit as Permit, { type: 'refused', retryAfterMs: 2_000 }, 0, 0);
  const sent: number[] = [];
  for (let now = 2_000; now < 3_000; now += 10)
    if (log.take('interactive', now).permit !== null) sent.push(now - 2_000);
  expect(sent).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
});

test('[N2] an outage leaves one probe at a time, ever more rarely, and ends with the first answer', () => {
  const log = logWith({ outageAfter: 3, limit: 100 });
  for (const permit of take(log, 3, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
  expect(log.take('poll', 0)).toEqual({ permit: null, waitMs: 200, closedBy: 'outage' });
  const [probe] = take(log, 1, 200);
  expect(probe?.probe).toBe(true);
  expect(log.take('poll', 200)).toMatchObject({ permit: null, closedBy: 'outage' });
  log.ended(probe as Permit, { type: 'unreachable' }, 210, 0);
  expect(log.peek('poll', 1, 210).waitMs).toBe(400);
  const [second] = take(log, 1, 610);
  log.ended(second as Permit, ANSWERED, 620, 0);
  expect(log.take('poll', 620).permit).not.toBeNull();
});

test('[N2] an outage of ten minutes costs at most a tenth more calls than none', () => {
  const [requests, inFlight, outageMs] = [500, 8, 600_000];
  const rules = { limit: 1000, windowMs: 60_000, longestCallMs: 60_000, probeMs: 5_000, backoffMs: 1_000 };
  const log = new PermitLog({ ...rules, outageAfter: 10 });
  let [now, done, calls] = [0, 0, 0];
  while (done < requests) {
    const permits: Permit[] = [];
    for (let n = 0; n < inFlight; n++) {
      const { permit } = log.take('interactive', now);
      if (permit !== null) permits.push(permit);
    }
    now += 10;
    for (const permit of permits) {
      calls++;
      const isDown = now < outageMs;
      log.ended(permit, { type: isDown ? 'unreachable' : 'answered' }, now, 0);
      if (!isDown) done++;
    }
  }
  expect(calls).toBeLessThanOrEqual(1.1 * requests);
});

test('[N2] failures with answers between them are no outage', () => {
  const log = logWith({ outageAfter: 3, limit: 100 });
  for (let n = 0; n < 10; n++) {
    for (const permit of take(log, 2, n)) log.ended(permit, { type: 'failed' }, n, 0);
    for (const permit of take(log, 1, n)) log.ended(permit, ANSWERED, n, 0);
  }
  expect(log.peek('poll', 1, 10).waitMs).toBe(0);
});

test('[N2] a probe that died with its process, or was cut short, does not keep the outage alive', () => {
  const log = logWith({ outageAfter: 1, limit: 100 });
  for (const permit of take(log, 1, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
  take(log, 1, 200);
  expect(log.peek('poll', 1, 210)).toEqual({ waitMs: 200, closedBy: 'outage' });
  expect(log.peek('poll', 1, 400)).toEqual({ waitMs: 100, closedBy: 'outage' });
  const [probe] = take(log, 1, 500);
  log.ended(probe as Permit, { type: 'unsent' }, 510, 0);
  expect(log.take('poll', 510).permit).toMatchObject({ probe: true });
});

test('[M9] the provider may lower the limit for a while, and never raise it', () => {
  const log = logWith();
  log.heed({ limit: 50, remaining: null, resetMs: null }, 0);
  expect(log.state(0)).toMatchObject({ limit: 10, lowered: null });
  log.heed({ limit: 4, remaining: null, resetMs: null }, 0);
  take(log, 4, 0);
  expect(log.take('poll', 0).permit).toBeNull();
  expect(log.state(0)).toMatchObject({ limit: 10, lowered: 4, used: 4 });
  expect(log.state(2_000)).toMatchObject({ lowered: null });
});

test('[M9] calls that others made with our credentials are counted until the provider forgets them', () => {
  const log = logWith();
  take(log, 2, 0);
  log.heed({ limit: null, remaining: 3, resetMs: 400 }, 0);
  take(log, 3, 0);
  expect(log.take('poll', 0)).toMatchObject({ permit: null, waitMs: 400 });
  expect(log.peek('poll', 1, 400).waitMs).toBe(0);
  expect(log.state(400).used).toBe(5);
});
