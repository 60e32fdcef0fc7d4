import { describe, expect, test } from 'vitest';
import type { Permit } from '../../src/call-budget/rules.ts';
import type { PermitLog } from '../../src/call-budget/permit-log.ts';
import { ANSWERED, logWith, takeOne } from './log-for-tests.ts';

const RULES = { limit: 40, windowMs: 5_000, longestCallMs: 10_000 };

function submits(log: PermitLog, now: number): number {
  let count = 0;
  for (; ; count++) {
    const { permit } = takeOne(log, 'interactive', now);
    if (permit === null) return count;
    log.ended(permit, ANSWERED, now, 0);
  }
}

test('[N3][N15] S1: while nobody waits to ask, submits have all of the budget', () => {
  const log = logWith(RULES);
  expect(submits(log, 0)).toBe(40);
  expect(submits(log, 5_000)).toBe(40);
});

test('[N3][N15] S1: a status call that found no room keeps a third for its like, for one window', () => {
  const log = logWith(RULES);
  submits(log, 0);
  expect(takeOne(log, 'poll', 4_000).permit).toBeNull();
  expect(submits(log, 5_000)).toBe(27);
  expect(submits(log, 8_999)).toBe(0);
  expect(submits(log, 9_000)).toBe(13);
});

test('[N3][N15] S1: a tenth is kept from status calls and tokens for interactive submits, and bulk does not get it', () => {
  const log = logWith(RULES);
  for (let n = 0; n < 36; n++) expect(takeOne(log, n % 2 === 0 ? 'poll' : 'token', 0).permit).not.toBeNull();
  for (const callClass of ['poll', 'token', 'bulk'] as const) expect(takeOne(log, callClass, 0).permit).toBeNull();
  expect(submits(log, 0)).toBe(4);
});

test('[N3][N15] S1: under ten calls a window nothing is kept', () => {
  const log = logWith({ ...RULES, limit: 9 });
  log.ended(takeOne(log, 'poll', 0).permit as Permit, ANSWERED, 0, 0);
  expect(submits(log, 0)).toBe(8);
  expect(takeOne(log, 'poll', 100).permit).toBeNull();
  expect(submits(log, 5_000)).toBe(9);
  for (let n = 0; n < 9; n++) expect(takeOne(log, 'poll', 10_000).permit).not.toBeNull();
});

describe('[N3][N15] S1: 200 jobs of a second, at 40 calls per 5 s', () => {
  test.each(['submits', 'polls'])(
    '%s come first: from the second window on three in ten calls are completions',
    (first) => {
      const log = logWith(RULES);
      const [calls, completions] = [[] as number[], [] as number[]];
      const working: number[] = [];
      let waiting = 200;
      const submit = (now: number): void => {
        const { permit } = takeOne(log, 'interactive', now);
        if (waiting === 0 || permit === null) {
          if (permit !== null) log.ended(permit, { type: 'unsent' }, now, 0);
          return;
        }
        waiting--;
        log.ended(permit, ANSWERED, now, 0);
        calls.push(now);
        working.push(now + 1_000);
        submit(now);
      };
      const poll = (now: number): void => {
        if ((working[0] ?? Infinity) > now) return;
        const { permit } = takeOne(log, 'poll', now);
        if (permit === null) return;
        log.ended(permit, ANSWERED, now, 0);
        working.shift();
        calls.push(now);
        completions.push(now);
        poll(now);
      };
      for (let now = 0; completions.length < 200 && now < 120_000; now += 10)
        for (const each of first === 'polls' ? [poll, submit] : [submit, poll]) each(now);
      const inWindow = (times: number[], n: number): number =>
        times.filter((at) => Math.floor(at / 5_000) === n).length;
      const windows = Math.floor((calls.at(-1) ?? 0) / 5_000);
      expect(windows).toBeGreaterThanOrEqual(5);
      for (let n = 1; n < windows; n++) {
        expect(inWindow(calls, n)).toBeLessThanOrEqual(40);
        expect(inWindow(completions, n) / inWindow(calls, n)).toBeGreaterThanOrEqual(0.3);
      }
    },
  );

  test('1,000 accepted jobs that are all due keep an interactive submit waiting no more than a tenth of a window', () => {
    const log = logWith({ ...RULES, limit: 100, windowMs: 10_000 });
    const waits: number[] = [];
    let waitsFrom: number | null = null;
    for (let now = 0; now < 60_000; now += 10) {
      for (let n = 0; n < 1_000; n++) {
        const { permit } = takeOne(log, 'poll', now);
        if (permit === null) break;
        log.ended(permit, ANSWERED, now, 0);
      }
      // One request a second.
      if (waitsFrom === null && now % 1_000 === 0) waitsFrom = now;
      if (waitsFrom === null) continue;
      const { permit } = takeOne(log, 'interactive', now);
      if (permit === null) continue;
      log.ended(permit, ANSWERED, now, 0);
      waits.push(now - waitsFrom);
      waitsFrom = null;
    }
    expect(waits.length).toBeGreaterThan(50);
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_000);
  });
});
