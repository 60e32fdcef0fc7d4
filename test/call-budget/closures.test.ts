import { describe, expect, test } from 'vitest';
import { PermitLog } from '../../src/call-budget/permit-log.ts';
import type { CallClass, Permit } from '../../src/call-budget/rules.ts';
import { ANSWERED, logWith, take, takeOne } from './log-for-tests.ts';

test('[N2][M5] a refusal closes the provider for as long as it said, for every kind of call', () => {
  const log = logWith();
  const [permit] = take(log, 1, 0);
  log.ended(permit as Permit, { type: 'refused', retryAfterMs: 700 }, 0, 0);
  for (const callClass of ['interactive', 'poll', 'token', 'bulk'] as const) {
    expect(takeOne(log, callClass, 100)).toEqual({ permit: null, waitMs: 600, closedBy: 'cool_down' });
  }
  expect(takeOne(log, 'poll', 700).permit).not.toBeNull();
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
    // Past the window in which calls go out by turns.
    now += waitMs + 1_000;
    for (const permit of take(log, 1, now)) log.ended(permit, { type: 'unsent' }, now, 0);
    now += 1_000;
  }
  expect(waits).toEqual([100, 200, 400]);
  const [good, bad] = take(log, 2, now);
  log.ended(good as Permit, ANSWERED, now, 1);
  log.ended(bad as Permit, { type: 'refused', retryAfterMs: null }, now, 0);
  expect(log.peek('poll', 1, now).waitMs).toBe(50);
});

describe('[N2][N15] S4: after a closure calls are spaced at limit / window, for one window', () => {
  /** When calls go out that always want to, from `from` on. */
  function sentFrom(log: PermitLog, from: number, until: number, callClass: CallClass = 'interactive'): number[] {
    const sent: number[] = [];
    for (let now = from; now < until; now += 10) {
      const { permit } = takeOne(log, callClass, now);
      if (permit === null) continue;
      sent.push(now - from);
      log.ended(permit, ANSWERED, now, 0);
    }
    return sent;
  }

  function closedUntil(ms: number, rules = {}): PermitLog {
    const log = logWith(rules);
    const [permit] = take(log, 1, 0);
    log.ended(permit as Permit, { type: 'refused', retryAfterMs: ms }, 0, 0);
    return log;
  }

  test('after a cool-down', () => {
    const perMinute = closedUntil(5_000, { limit: 60, windowMs: 60_000 });
    expect(sentFrom(perMinute, 5_000, 15_000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((s) => s * 1_000));
  });

  test('after an outage', () => {
    const log = logWith({ outageAfter: 1 });
    for (const permit of take(log, 1, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
    const [probe] = take(log, 1, 200);
    log.ended(probe as Permit, ANSWERED, 210, 0);
    expect(sentFrom(log, 210, 710)).toEqual([0, 100, 200, 300, 400]);
  });

  test('from the first call on, however late that comes; and the window after it is as any other', () => {
    const log = closedUntil(1_000, { limit: 10, windowMs: 1_000 });
    const sent = sentFrom(log, 9_000, 11_000);
    expect(sent.slice(0, 10)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });

  test('who comes when fewer went than that is not delayed', () => {
    const log = closedUntil(1_000);
    take(log, 1, 1_000);
    expect(take(log, 3, 1_350)).toHaveLength(3);
    expect(takeOne(log, 'poll', 1_350)).toMatchObject({ permit: null, closedBy: 'budget' });
  });

  test('bulk and the provider’s own limit are spaced as what they may use; an interactive submit passes due polls', () => {
    const log = closedUntil(1_000, { limit: 100, windowMs: 10_000 });
    log.heed('status', { limit: 10, windowMs: 10_000, remaining: null, resetMs: null }, 1_000);
    expect(sentFrom(log, 1_000, 3_500, 'poll')).toEqual([0, 1_000, 2_000]);
    const other = closedUntil(1_000, { limit: 100, windowMs: 10_000 });
    const [polls, submits] = [[] as number[], [] as number[]];
    for (let now = 1_000; now < 6_000; now += 10) {
      while (takeOne(other, 'poll', now).permit !== null) polls.push(now);
      if (now % 1_000 === 0 && takeOne(other, 'interactive', now).permit !== null) submits.push(now);
    }
    expect(polls.length).toBeGreaterThan(40);
    expect(submits.length).toBeGreaterThanOrEqual(4);
  });
});

describe('[N2][M5] S10: a refusal without a Retry-After that can be used', () => {
  test('has a wait of its own, which grows with each: few calls, and no burst', () => {
    const log = logWith({ limit: 1000, windowMs: 60_000, backoffMs: 1_000 });
    let calls = 0;
    for (let now = 0; now < 12_000; now += 10) {
      const { permit } = takeOne(log, 'interactive', now);
      if (permit === null) continue;
      calls++;
      log.ended(permit, { type: 'refused', retryAfterMs: null }, now, 0);
    }
    expect(calls).toBeLessThanOrEqual(15);
  });
});

test('[N2] an outage leaves one probe at a time, ever more rarely, and ends with the first answer', () => {
  const log = logWith({ outageAfter: 3, limit: 100 });
  for (const permit of take(log, 3, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
  expect(takeOne(log, 'poll', 0)).toEqual({ permit: null, waitMs: 200, closedBy: 'outage' });
  const [probe] = take(log, 1, 200);
  expect(probe?.probe).toBe(true);
  expect(takeOne(log, 'poll', 200)).toMatchObject({ permit: null, closedBy: 'outage' });
  log.ended(probe as Permit, { type: 'unreachable' }, 210, 0);
  expect(log.peek('poll', 1, 210).waitMs).toBe(400);
  const [second] = take(log, 1, 610);
  log.ended(second as Permit, ANSWERED, 620, 0);
  expect(takeOne(log, 'poll', 620).permit).not.toBeNull();
});

test('[N2] an outage of ten minutes costs at most a tenth more calls than none', () => {
  const [requests, inFlight, outageMs] = [500, 8, 600_000];
  const rules = {
    limit: 1000,
    windowMs: 60_000,
    longestCallMs: 60_000,
    longestHeldMs: 30_000,
    probeMs: 5_000,
    backoffMs: 1_000,
  };
  const log = new PermitLog({ ...rules, outageAfter: 10 });
  let [now, done, calls] = [0, 0, 0];
  while (done < requests) {
    const permits: Permit[] = [];
    for (let n = 0; n < inFlight; n++) {
      const { permit } = takeOne(log, 'poll', now);
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
  expect(takeOne(log, 'poll', 510).permit).toMatchObject({ probe: true });
});
