import { expect, test } from 'vitest';
import { duration, pastTime, requestIdArgument, wholeNumber } from '../../src/cli/arguments.ts';

test.each([
  ['1ms', 1],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1.5h', 5_400_000],
  ['30d', 2_592_000_000],
])('[C4] the duration %s is %d ms', (text, ms) => {
  expect(duration(30 * 86_400_000)(text)).toBe(ms);
});

test.each(['', '10', 'm', '0s', '0.1ms', '-5m', '5 m', '5min', '1e3s', '31d', '.5h', '10m!'])(
  '[C4] %j is no duration of at most 30 days',
  (text) => {
    expect(() => duration(30 * 86_400_000)(text)).toThrow(
      'Expected a number and a unit, such as 90s, 10m or 2h; at most 30d.',
    );
  },
);

test('[C4][N18] a time that has passed is told by how long ago it was, or by itself', () => {
  expect(pastTime('2026-01-02T03:04Z').toISOString()).toBe('2026-01-02T03:04:00.000Z');
  expect(pastTime('2026-01-02T03:04:05.678+01:00').toISOString()).toBe('2026-01-02T02:04:05.678Z');
  expect(pastTime('24h').getTime()).toBeLessThan(pastTime('1h').getTime());
});

test.each([
  '',
  'yesterday',
  '2026-01-02',
  '2026-01-02T03:04',
  '2026-13-02T03:04Z',
  '2999-01-01T00:00Z',
  '0h',
  '-1h',
  '12',
])('[C4][N18] %j is no time that has passed', (text) => {
  expect(() => pastTime(text)).toThrow('such as 12h, or a time that has passed, such as 2026-11-25T18:00Z');
});

test.each(['', '-1', '0', '11', '1.5', '1e1', '0x5', ' 5'])('[C4] %j is no whole number from 1 to 10', (text) => {
  expect(() => wholeNumber(1, 10)(text)).toThrow('Expected a whole number from 1 to 10.');
});

const ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test.each([ID, `external-api/${ID}`])('[C4] %s names the request', (text) => {
  expect(requestIdArgument().parseArg?.(text, undefined as never)).toBe(ID);
});

test.each(['', 'req_', ID.toLowerCase(), `${ID}0`, ID.replace('F', 'U'), `${ID}\n`])('[C4] %j is no id', (text) => {
  expect(() => requestIdArgument().parseArg?.(text, undefined as never)).toThrow('Expected req_ and 26');
});
