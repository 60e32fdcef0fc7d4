import { expect, test } from 'vitest';
import { duration, requestIdArgument, wholeNumber } from '../../../src/cli/arguments.ts';

test.each([
  ['1ms', 1],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1.5h', 5_400_000],
  ['30d', 2_592_000_000],
])('[C4] the duration %s is %d ms', (text, ms) => {
  expect(duration(30)(text)).toBe(ms);
});

test.each(['', '10', 'm', '0s', '0.1ms', '-5m', '5 m', '5min', '1e3s', '31d', '.5h', '10m!'])(
  '[C4] %j is no duration of at most 30 days',
  (text) => {
    expect(() => duration(30)(text)).toThrow('Expected a number and a unit, such as 90s, 10m or 2h; at most 30d.');
  },
);

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
