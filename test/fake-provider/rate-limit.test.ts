import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateWindow } from '../../src/fake-provider/rate-window.ts';
import { Caller, type Reply } from './caller.ts';

test('[M9] the window admits exactly what a log of all admissions would', () => {
  const gaps = fc.array(fc.nat({ max: 40 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), gaps, (limit, steps) => {
      const window = new RateWindow();
      const admitted: number[] = [];
      let at = 0;
      for (const step of steps) {
        at += step;
        const inWindow = admitted.filter((earlier) => at - earlier < 100);
        const wait = window.take(at, limit, 100);
        const room = window.room(at, limit, 100);
        const expected = inWindow.length < limit ? 0 : (inWindow.at(-limit) ?? 0) + 100 - at;
        expect(wait).toBe(expected);
        if (wait === 0) admitted.push(at);
        const held = admitted.filter((earlier) => at - earlier < 100);
        expect(room).toEqual({ remaining: limit - held.length, resetMs: (held[0] ?? at) + 100 - at });
      }
    }),
  );
});

test('[M9] a changed limit counts what was admitted under the old one', () => {
  const window = new RateWindow();
  expect([0, 10, 20].map((at) => window.take(at, 3, 100))).toEqual([0, 0, 0]);
  expect(window.take(30, 4, 100)).toBe(0);
  expect(window.take(40, 4, 100)).toBe(60);
  expect(window.take(40, 2, 100)).toBe(80);
  expect(window.take(40, 0, 100)).toBe(0);
});

test('[M5][M9] the limit is one over all three endpoints; the call over it gets 429 with Retry-After', async () => {
  await using caller = await Caller.start({ settings: { rateLimit: 3 } });
  await caller.process({ data: 1 });
  await caller.status('req_x');
  for (const call of [() => caller.token(), () => caller.process({ data: 1 }), () => caller.status('req_x')]) {
    const { status, headers, body } = await call();
    expect([status, body]).toEqual([429, { error: 'more than 3 calls in 60000 ms' }]);
    const retryAfter = Number(headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThan(50);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(caller.lastEntry).toMatchObject({ executed: false, statusCode: 429 });
  }
});

test('[M5] Retry-After as an HTTP-date names a second in which there is room', async () => {
  await using caller = await Caller.start({ settings: { rateLimit: 1, retryAfterForm: 'http-date' } });
  const admittedAt = caller.lastEntry?.arrivedAt ?? 0;
  const { headers } = await caller.process({ data: 1 });
  const date = headers.get('retry-after') ?? '';
  expect(date).toMatch(/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
  const lateness = Date.parse(date) - (admittedAt + 60_000);
  expect(lateness).toBeGreaterThanOrEqual(0);
  expect(lateness).toBeLessThan(1000);
});

test('[M9] under load no window of the ledger holds more admitted calls than the limit', async () => {
  await using caller = await Caller.start({ settings: { rateLimit: 20, rateWindowMs: 50 } });
  const admitted = () => caller.provider.ledger.filter(({ statusCode }) => statusCode === 404).map((e) => e.arrivedAt);
  const refused = () => caller.provider.ledger.filter(({ statusCode }) => statusCode === 429).length;
  const worker = async () => {
    while (admitted().length < 80 || refused() === 0) await caller.status('req_x');
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  const times = admitted();
  const worst = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 50).length));
  expect(worst).toBeLessThanOrEqual(20);
});

describe('what answers say of the limit', () => {
  test('[M9] nothing, unless asked', async () => {
    await using caller = await Caller.start();
    const { headers } = await caller.status('req_x');
    expect([...headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
  });

  test('[M9] nothing while there is no limit', async () => {
    await using caller = await Caller.start({ settings: { rateLimit: 0, rateLimitHeaders: 'draft' } });
    const { headers } = await caller.status('req_x');
    expect([...headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
  });

  test('[M9] the draft’s fields, in answers of every kind', async () => {
    await using caller = await Caller.start({ settings: { rateLimit: 5, rateLimitHeaders: 'draft' } });
    const say = ({ status, headers }: Reply) => [status, headers.get('ratelimit-policy'), headers.get('ratelimit')];
    const told = (r: number) => [
      '"default";q=5;w=60',
      expect.stringMatching(new RegExp(`^"default";r=${r};t=(59|60)$`)),
    ];
    expect(say(await caller.status('req_x'))).toEqual([404, ...told(3)]);
    caller.provider.script({ endpoint: '/process', fault: { kind: 'status', code: 500 } });
    expect(say(await caller.process({ data: 1 }))).toEqual([500, ...told(2)]);
    expect(say(await caller.process({ data: 1 }))).toEqual([200, ...told(1)]);
    expect(say(await caller.token())).toEqual([200, ...told(0)]);
    expect(say(await caller.token())).toEqual([429, ...told(0)]);
  });

  test('[M9] or the older ones, with the time at which the first call leaves the window', async () => {
    await using caller = await Caller.start({ settings: { rateLimit: 5, rateLimitHeaders: 'x' } });
    const leavesAt = (caller.lastEntry?.arrivedAt ?? 0) + 60_000;
    const { headers } = await caller.status('req_x');
    expect(headers.get('x-ratelimit-limit')).toBe('5');
    expect(headers.get('x-ratelimit-remaining')).toBe('3');
    const lateness = Number(headers.get('x-ratelimit-reset')) * 1000 - leavesAt;
    expect(lateness).toBeGreaterThanOrEqual(0);
    expect(lateness).toBeLessThan(1001);
  });
});
