import { describe, expect, test } from 'vitest';
import type { PermitLog } from '../../src/call-budget/permit-log.ts';
import type { Permit } from '../../src/call-budget/rules.ts';
import { ANSWERED, logWith, take, takeOne } from './log-for-tests.ts';

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

  test('a token that was sent before the outage says nothing of it, and lets nobody probe beside the probe', () => {
    const log = logWith({ outageAfter: 3, limit: 100 });
    const late = takeOne(log, 'token', 0).permit as Permit;
    for (const permit of take(log, 3, 0)) log.ended(permit, { type: 'failed' }, 0, 0);
    expect(takeOne(log, 'poll', 200).permit).toMatchObject({ probe: true });
    log.ended(late, ANSWERED, 210, 0);
    expect(log.isDown).toBe(true);
    expect(takeOne(log, 'interactive', 210)).toMatchObject({ permit: null, closedBy: 'outage' });
    expect(log.closure(210)).toMatchObject({ probeDue: false });
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
