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

describe('[N2][N1] S5: a probe is a token or a status call', () => {
  /** An outage whose probe is due at 200. */
  function down(rules = {}): PermitLog {
    const log = logWith({ outageAfter: 3, limit: 100, ...rules });
    for (const permit of take(log, 3, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
    return log;
  }

  test('a submit probes only when nothing else did for one more interval; its gate opens before', () => {
    const log = down();
    expect(log.closure(199)).toEqual({ waitMs: 1, closedBy: 'outage', probeDue: false });
    expect(log.closure(200)).toEqual({ waitMs: 0, closedBy: 'outage', probeDue: true });
    expect(log.peek('interactive', 1, 200)).toEqual({ waitMs: 0, closedBy: null });
    expect(log.peek('interactive', 2, 200)).toMatchObject({ closedBy: 'outage' });
    expect(takeOne(log, 'interactive', 200)).toEqual({ permit: null, waitMs: 200, closedBy: 'outage' });
    expect(takeOne(log, 'interactive', 400).permit).toMatchObject({ probe: true });
    expect(log.closure(400)).toMatchObject({ closedBy: 'outage', probeDue: false });
    expect(takeOne(down(), 'token', 200).permit).toMatchObject({ probe: true });
  });

  test('every third probe is a submit’s turn: a poll that is never answered does not keep all closed', () => {
    const log = down();
    for (const dueAt of [200, 600]) {
      const { permit } = takeOne(log, 'poll', dueAt);
      log.ended(permit as Permit, { type: 'failed' }, dueAt, 0);
    }
    // 200, then 400, then 800 after each.
    for (const operation of ['status', 'cancel'] as const)
      expect(log.take('poll', operation, 1_400)).toEqual({ permit: null, waitMs: 200, closedBy: 'outage' });
    const { permit } = takeOne(log, 'interactive', 1_400);
    log.ended(permit as Permit, ANSWERED, 1_410, 0);
    expect(log.isDown).toBe(false);
  });

  test('a token, which a submit needs, may always be the probe', () => {
    const log = down();
    for (const dueAt of [200, 600, 1_400, 3_000]) {
      const { permit } = takeOne(log, 'token', dueAt);
      expect(permit).toMatchObject({ probe: true });
      log.ended(permit as Permit, { type: 'failed' }, dueAt, 0);
    }
  });

  test('a token that is answered does not end the outage: the next probe is due, a submit’s too', () => {
    const log = down();
    log.ended(takeOne(log, 'token', 200).permit as Permit, ANSWERED, 210, 0);
    // No second token is asked for.
    expect([log.isDown, log.closure(210)]).toEqual([true, { waitMs: 0, closedBy: 'outage', probeDue: false }]);
    const { permit } = takeOne(log, 'interactive', 210);
    expect(permit).toMatchObject({ probe: true });
    expect(takeOne(log, 'poll', 220)).toMatchObject({ permit: null, closedBy: 'outage' });
    log.ended(permit as Permit, { type: 'failed' }, 230, 0);
    expect(log.closure(230)).toEqual({ waitMs: 400, closedBy: 'outage', probeDue: false });
    expect(log.closure(630)).toMatchObject({ probeDue: true });
  });

  test('polls that are never answered, and always there first, do not keep submits closed', () => {
    const log = down({ longestCallMs: 60_000, limit: 1000, windowMs: 60_000, probeMs: 5_000 });
    let answeredAt: number | null = null;
    for (let now = 0; now < 120_000 && answeredAt === null; now += 100) {
      const poll = () => {
        const { permit } = takeOne(log, 'poll', now);
        if (permit !== null) log.ended(permit, { type: 'failed' }, now, 0);
      };
      poll();
      const token = log.closure(now).probeDue ? takeOne(log, 'token', now).permit : null;
      if (token !== null) log.ended(token, ANSWERED, now, 0);
      poll();
      const { permit } = takeOne(log, 'interactive', now);
      if (permit === null) continue;
      log.ended(permit, ANSWERED, now, 0);
      answeredAt = now;
    }
    // The third probe: 5 s, 10 s and 20 s after one another.
    expect(answeredAt).toBeLessThanOrEqual(36_000);
    expect(log.isDown).toBe(false);
  });

  test('after a read the outage is over, and the next failure of a call that was sent since begins it again', () => {
    const log = down();
    const [probe] = take(log, 1, 200);
    log.ended(probe as Permit, ANSWERED, 210, 0);
    expect([log.isDown, log.state(210).failures]).toEqual([false, 2]);
    const { permit } = takeOne(log, 'interactive', 210);
    log.ended(permit as Permit, { type: 'failed' }, 220, 0);
    // The probe of a read has not shown that submits work: it goes on being asked more rarely.
    expect(log.closure(220)).toEqual({ waitMs: 400, closedBy: 'outage', probeDue: false });
  });

  test('a submit that was answered ends it; a failure of before the outage does not begin it again', () => {
    const log = logWith({ outageAfter: 3, limit: 100 });
    const [late, ...failing] = take(log, 4, 0);
    for (const permit of failing) log.ended(permit, { type: 'failed' }, 0, 0);
    log.ended(take(log, 1, 200)[0] as Permit, ANSWERED, 210, 0);
    log.ended(late as Permit, { type: 'failed' }, 220, 0);
    expect(log.isDown).toBe(false);
    log.ended(takeOne(log, 'interactive', 230).permit as Permit, ANSWERED, 240, 0);
    expect(log.state(240).failures).toBe(0);
    const [one] = take(log, 1, 600);
    log.ended(one as Permit, { type: 'failed' }, 600, 0);
    expect(log.isDown).toBe(false);
  });

  test('two minutes in which submits fail and tokens do not cost a few submits', () => {
    const rules = { limit: 1000, windowMs: 60_000, longestCallMs: 60_000, probeMs: 5_000, outageAfter: 10 };
    const log = logWith(rules);
    let submits = 0;
    for (let now = 0; now < 120_000; now += 100) {
      // As the provider's client does it: a token call probes for a submit.
      const token = log.closure(now).probeDue ? takeOne(log, 'token', now).permit : null;
      if (token !== null) log.ended(token, ANSWERED, now, 0);
      const { permit } = takeOne(log, 'interactive', now);
      if (permit === null) continue;
      submits++;
      log.ended(permit, { type: 'failed' }, now, 0);
    }
    expect(submits).toBeLessThanOrEqual(10 + 5);
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
