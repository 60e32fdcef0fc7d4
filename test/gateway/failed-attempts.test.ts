import { expect, test } from 'vitest';
import { FailedAttempts } from '../../src/gateway/callers/failed-attempts.ts';
import { remoteAddress, remoteNetwork } from '../../src/gateway/callers/remote-address.ts';
import { SlowDown } from '../../src/gateway/callers/slow-down.ts';

const MINUTE = 60_000;

/** The lengths of the slow-downs that `times` failures begin, each at the instant the one before is over. */
function lengthsOf(attempts: FailedAttempts, times: number): number[] {
  const lengths: number[] = [];
  let now = 0;
  for (let i = 0; i < times; i++) {
    const forMs = attempts.failed('a', now);
    if (forMs === 0) continue;
    lengths.push(forMs);
    expect(attempts.waitOf('a', now)).toBe(forMs);
    now += forMs;
    expect(attempts.waitOf('a', now)).toBe(0);
  }
  return lengths;
}

test('[M16] ten failures in a minute begin a slow-down of 10 s, and each next one is twice as long, up to 5 min', () => {
  expect(lengthsOf(new FailedAttempts(5 * MINUTE), 9)).toEqual([]);
  expect(lengthsOf(new FailedAttempts(5 * MINUTE), 70)).toEqual([
    10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000,
  ]);
});

test('[M16] failures that are a minute old count no more', () => {
  const attempts = new FailedAttempts(5 * MINUTE);
  for (let i = 0; i < 100; i++) expect(attempts.failed('a', i * (MINUTE / 9))).toBe(0);
});

test('[M16] 15 min after a slow-down the next one is a first one again', () => {
  const attempts = new FailedAttempts(5 * MINUTE);
  const slowed = (now: number): number => {
    for (let i = 0; i < 9; i++) attempts.failed('a', now);
    return attempts.failed('a', now);
  };
  expect([slowed(0), slowed(10_000), slowed(10_000 + 20_000 + 15 * MINUTE)]).toEqual([10_000, 20_000, 10_000]);
});

test('[M16] a failure that was under way when a slow-down began makes it no longer', () => {
  const attempts = new FailedAttempts(5 * MINUTE);
  for (let i = 0; i < 10; i++) attempts.failed('a', 0);
  for (let i = 0; i < 50; i++) expect(attempts.failed('a', 1)).toBe(0);
  expect(attempts.waitOf('a', 1)).toBe(9_999);
});

test('[M16] a million addresses that fail once take no memory, and free no address that is slowed down', () => {
  const attempts = new FailedAttempts(5 * MINUTE);
  for (let i = 0; i < 10; i++) attempts.failed('a', 0);
  for (let i = 0; i < 1_000_000; i++) attempts.failed(`flood-${i}`, 1);
  expect(attempts.waitOf('a', 1)).toBe(9_999);
  expect(attempts.knows('flood-0')).toBe(false);
  expect(attempts.knows('flood-999999')).toBe(true);
});

test('[M16] one credential that fails again and again is slowed down, and its neighbours are not', () => {
  const slowDown = new SlowDown();
  for (let i = 0; i < 50; i++) {
    const attempt = slowDown.attempt('192.0.2.1', 'broken', 0);
    if (attempt.lookAt === 'all') slowDown.failed(attempt, 0);
  }
  expect(slowDown.attempt('192.0.2.1', 'broken', 0)).toMatchObject({ lookAt: 'nothing', waitMs: 10_000 });
  expect(slowDown.attempt('192.0.2.1', 'another', 0)).toMatchObject({ lookAt: 'all', waitMs: 0 });
  expect(slowDown.attempt('192.0.2.2', 'broken', 0)).toMatchObject({ lookAt: 'all', waitMs: 0 });
});

test('[M16] a key that fails for long is looked at every 10 s, since it may become good', () => {
  const slowDown = new SlowDown();
  const begun: number[] = [];
  for (let now = 0; now < 5 * MINUTE; now += 100) {
    const attempt = slowDown.attempt('192.0.2.1', 'new', now);
    if (attempt.lookAt === 'all' && slowDown.failed(attempt, now) !== null) begun.push(now);
  }
  const between = begun.slice(1).map((at, i) => at - (begun[i] ?? 0));
  expect(new Set(between)).toEqual(new Set([10_900]));
});

test('[M16] guesses slow their network down: no key is looked at that was not good there before', () => {
  const slowDown = new SlowDown();
  slowDown.succeeded(slowDown.attempt('192.0.2.1', 'good', 0));
  for (let i = 0; i < 10; i++) slowDown.failed(slowDown.attempt('192.0.2.1', `guess-${i}`, 0), 0);
  const lookAt = (network: string, credential: string) => slowDown.attempt(network, credential, 0).lookAt;
  expect([lookAt('192.0.2.1', 'good'), lookAt('192.0.2.1', 'guess-11')]).toEqual(['all', 'tokens']);
  expect([lookAt('192.0.2.2', 'good'), lookAt('192.0.2.2', 'guess-11')]).toEqual(['all', 'all']);
});

test.each([
  ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:4711', '192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:1:0:0:0:9', '2001:db8:0:1::9', '2001:db8:0:1::/64'],
  ['[2001:db8:0:1::9]:443', '2001:db8:0:1::9', '2001:db8:0:1::/64'],
  ['[2001:db8:0:1::9]', '2001:db8:0:1::9', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80::1', 'fe80::/64'],
  ['unknown', 'unknown', 'unknown'],
  ['_hidden', 'unknown', 'unknown'],
  ['192.0.2.256', 'unknown', 'unknown'],
  ['0x7f.1', 'unknown', 'unknown'],
  ['', 'unknown', 'unknown'],
  [undefined, 'unknown', 'unknown'],
])('[M16] %j is the address %s, of the network %s', (ip, address, network) => {
  expect([remoteAddress(ip), remoteNetwork(ip)]).toEqual([address, network]);
});
