import { describe, expect, test } from 'vitest';
import { OpenRequests } from '../../../src/gateway/limits/open-requests.ts';

/** As the server counted them at `now`, or as somebody who asked it would take its answer in. */
function counted(most: number, open: number, now = 0): OpenRequests {
  const requests = new OpenRequests(most);
  requests.ask(now).answered(open);
  return requests;
}

describe('the verdict', () => {
  test.each<[string, number, number, string]>([
    ['of an empty tenant, just counted', 0, 0, 'in'],
    ['of an empty tenant, counted seconds ago', 0, 4_999, 'in'],
    ['of an empty tenant, counted long ago', 0, 5_000, 'unsure'],
    ['where half of them are open, counted just now', 5, 999, 'in'],
    ['where half of them are open, counted a second ago', 5, 1_000, 'unsure'],
    ['where all are open, counted just now', 10, 999, 'full'],
    ['where all are open, counted a second ago', 10, 1_000, 'unsure'],
    ['where more than all are open', 12, 0, 'full'],
  ])('[M16] %s', (_, open, age, verdict) => {
    expect(counted(10, open).verdict(age)).toBe(verdict);
  });

  test('[M16] of a tenant that was never counted', () => {
    expect(new OpenRequests(10).verdict(0)).toBe('unsure');
    expect(new OpenRequests(10).lastWord(0)).toBe('in');
  });

  test.each<[string, number, number, string]>([
    ['a full one stays full for a while', 10, 29_999, 'full'],
    ['nobody is kept out by a limit that nobody can keep', 10, 30_000, 'in'],
    ['there is room', 9, 29_999, 'in'],
  ])('[M16] where nobody counts: %s', (_, open, age, verdict) => {
    expect(counted(10, open).lastWord(age)).toBe(verdict);
  });
});

describe('what becomes of requests here', () => {
  test('[M16] those that begin are open at once, and not any more when they come to nothing', () => {
    const requests = counted(2, 1);
    requests.begin();
    expect([requests.open, requests.verdict(1)]).toEqual([2, 'full']);
    requests.fail();
    expect([requests.open, requests.verdict(1)]).toEqual([1, 'in']);
  });

  test('[M16] those that have ended make room, once for each, however many waited for it', () => {
    const requests = counted(3, 0);
    for (const id of ['a', 'b', 'b']) {
      requests.begin();
      requests.start(id, 1);
    }
    expect(requests.open).toBe(2);
    requests.end('b', 2);
    requests.end('b', 2);
    expect(requests.open).toBe(1);
  });

  test('[M16] one that the server counted makes room too', () => {
    const requests = counted(2, 2);
    requests.end('started-before', 1);
    expect([requests.open, requests.verdict(1)]).toEqual([1, 'in']);
  });

  test('[M16] a repeat of one that has ended counts until its answer is there', () => {
    const requests = counted(3, 0);
    for (let repeat = 0; repeat < 3; repeat++) {
      requests.begin();
      requests.start('a', repeat);
      expect(requests.open).toBe(1);
      requests.end('a', repeat);
      expect(requests.open).toBe(0);
    }
  });

  test('[M16] what happens while the server counts is added to its answer', () => {
    const requests = counted(10, 0);
    requests.begin();
    requests.start('a', 1);
    const { started, answered } = requests.ask(2);
    expect(started).toEqual(['a']);
    requests.begin();
    requests.start('b', 3);
    answered(1);
    expect(requests.open).toBe(2);
  });

  test('[M16] one is named to the server as long as it may not be listed', () => {
    const requests = counted(10, 0);
    requests.begin();
    requests.start('a', 0);
    expect(requests.ask(5_000).started).toEqual(['a']);
    expect(requests.ask(5_001).started).toEqual([]);
  });
});

/** Numbers from 0 to 1 that are the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A server that lists a start, or an end, some moments late; and a tenant that would start as many as it may. */
function simulate({ most, lagMs, longestMs, everyMs }: Record<'most' | 'lagMs' | 'longestMs' | 'everyMs', number>) {
  const random = randomFrom(7);
  const requests = new OpenRequests(most);
  const all: { id: string; from: number; to: number }[] = [];
  const openAt = (time: number) => all.filter(({ from, to }) => from <= time && time < to);
  let [highest, sum, times, counts] = [0, 0, 0, 0];
  for (let now = 0; now < 60_000; now += everyMs) {
    if (requests.verdict(now) === 'unsure') {
      const { started, answered } = requests.ask(now);
      const listed = openAt(now - lagMs).filter(({ id }) => !started.includes(id));
      const ended = all.filter(({ id, to }) => started.includes(id) && to <= now - lagMs);
      answered(listed.length + started.length - ended.length);
      counts += 1;
    }
    if (requests.lastWord(now) === 'in') {
      requests.begin();
      requests.start(`${now}`, now);
      all.push({ id: `${now}`, from: now, to: now + longestMs * (0.5 + random() / 2) });
    }
    const open = openAt(now).length;
    highest = Math.max(highest, open);
    if (now > 10_000) [sum, times] = [sum + open, times + 1];
  }
  return { highest, usual: sum / times, counts };
}

test.each([
  { most: 20, lagMs: 50, longestMs: 20_000, everyMs: 20 },
  { most: 20, lagMs: 2_000, longestMs: 20_000, everyMs: 20 },
  { most: 100, lagMs: 200, longestMs: 20_000, everyMs: 10 },
])('[M16] no more are ever open than may be, and nearly as many as may: %o', (how) => {
  const { highest, usual, counts } = simulate(how);
  expect(highest).toBeLessThanOrEqual(how.most);
  expect(usual).toBeGreaterThan(0.8 * how.most);
  // Not one for each post.
  expect(counts).toBeLessThan(65);
});
