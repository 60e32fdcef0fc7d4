import { expect, test } from 'vitest';
import { widthOf, wrap } from '../../src/cli/wrap.ts';

test.each([
  ['short', 'short'],
  ['a line that is too long', 'a line that is\n  too long'],
  ['  indented, and then too long', '  indented, and\n    then too\n    long'],
  ['two\nlines', 'two\nlines'],
  ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  b'],
  ['now take `cp a b`, please', 'now take\n  `cp a b`,\n  please'],
  ['take `a command that is long`', 'take `a command\n  that is long`'],
  ['what ` nobody closes', 'what ` nobody\n  closes'],
  ['', ''],
])('[C4] %j is broken at blanks, a command only where it fits into no line', (text, broken) => {
  expect(wrap(text, 16, '  ')).toBe(broken);
});

test.each([
  [undefined, 80],
  [0, 80],
  [20, 40],
  [132, 132],
])('[C4] a terminal that says %s columns gets %i', (columns, width) => {
  expect(widthOf(columns === undefined ? {} : { columns })).toBe(width);
});
