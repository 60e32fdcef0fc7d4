import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excessIn, inexactIn, type JsonBounds } from '../../src/contract/exact-json.ts';

test.each([
  ['0', null],
  ['-0', null],
  ['0.0', null],
  ['0e400', null],
  ['0.1', null],
  ['1.10', null],
  ['0.10000000000000001', null],
  ['9007199254740991', null],
  ['-9007199254740991', null],
  // 15 digits, in whatever place.
  ['123456789012345000000', null],
  ['1e300', null],
  ['1.7976931348623157e308', null],
  ['5e-324', null],
  ['1.5e-323', null],
  ['9007199254740992', 'is 9007199254740992, and integers are exact up to 9007199254740991 only: send it as a string'],
  ['9007199254740993', 'is 9007199254740993, and integers are exact'],
  ['-9007199254740993', 'is -9007199254740993, and integers are exact'],
  ['9007199254740993.0', 'would become 9007199254740992'],
  ['9.007199254740993e15', 'would become 9007199254740992'],
  ['12345678901234.123456', 'would become 12345678901234.123'],
  [`0.${'1'.repeat(101)}`, 'would become 0.1111111111111111'],
  ['1e309', 'is too large for a number'],
  ['-1e309', 'is too large for a number'],
  ['1e-400', 'would become 0'],
  ['4e-324', 'would become 5e-324'],
  ['1.23456789e-318', 'would become 1.234566e-318'],
  ['0.0000001e-330', 'would become 0'],
])('[M12] the number %s: %s', (number, problem) => {
  const found = inexactIn(`{"a": [1, {"b c": ${number}}]}`);
  if (problem === null) expect(found).toBeNull();
  else expect(found).toEqual({ what: 'number', path: 'a[1]["b c"]', problem: expect.stringContaining(problem) });
});

test.each([
  ['{"a":1,"a":1}', 'a'],
  ['{"a":{"b":[{"c":1,"d":2,"\\u0063":3}]}}', 'a.b[0].c'],
  ['[[],{"x":{},"x":[]}]', '[1].x'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"":1,"":2}', '[""]'],
])('[M12] %s has %s twice', (text, path) => {
  expect(inexactIn(text)).toEqual({ what: 'member', path, problem: 'is there twice: send each member once' });
});

test.each([
  '{"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}',
  '{"__proto__":{"constructor":1},"constructor":2}',
  '"9007199254740993 and \\"1e999\\" in a text, {\\"a\\":1,\\"a\\":2}"',
  '{"a":"\\\\","b":"\\ud800"}',
  '[true,false,null,"",{},[]]',
  ' \t\r\n[ 1 , 2 ]\n',
  '1',
])('[M12] %s is taken as it is', (text) => {
  expect(inexactIn(text)).toBeNull();
});

test.each([
  ['a number of many zeros', `0.1${'0'.repeat(200_000)}1`],
  ['a whole number of many zeros', `1${'0'.repeat(200_000)}1`],
  ['a number of many digits', '7'.repeat(10_000_000)],
  ['a long string', `"${'x'.repeat(10_000_000)}"`],
  ['a string of escapes', `"${'\\n'.repeat(5_000_000)}"`],
])('[M12] %s is read in the time that its length takes, and found right', (_, value) => {
  const before = performance.now();
  const found = inexactIn(`{"a": ${value}, "b": 9007199254740993}`);
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(found?.path).toBe(value.startsWith('"') ? 'b' : 'a');
});

test('[M12] whatever JSON.stringify writes of safe numbers is taken as it is', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      fc.pre(!/\d{16}/.test(text));
      expect(inexactIn(text)).toBeNull();
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      fc.pre(!Number.isInteger(value));
      expect(inexactIn(JSON.stringify([value]))).toBeNull();
    }),
    { numRuns: 2_000 },
  );
});

test('[M12] integers: what is not taken differs as a BigInt, or is beyond what is safe', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), (integer) => {
      const isKept = inexactIn(`${integer}`) === null;
      if (isKept) expect(BigInt(Number(integer))).toBe(integer);
      else expect(Number.isSafeInteger(Number(integer))).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

const MIB = 2 ** 20;

test.each([
  ['a text', `{"a":"${'a'.repeat(10 * MIB)}"}`],
  ['escaped characters', `{"a":"${String.raw`\\u0041\\\"`.repeat(MIB)}"}`],
  ['a name', `{"${'a'.repeat(10 * MIB)}":1}`],
  ['backslashes', `["${'\\'.repeat(10 * MIB)}"]`],
])('[M12] 10 MiB of %s are taken as they are', (_what, text) => {
  JSON.parse(text);
  expect(inexactIn(text)).toBeNull();
});

test('[M12] a long row of zeros within a number takes no longer than any other text of its length', () => {
  const digits = `1${'0'.repeat(MIB)}1`;
  expect(inexactIn(`[${digits}]`)).toMatchObject({ path: '[0]' });
  expect(inexactIn(`[1.${digits}]`)).toMatchObject({ path: '[0]' });
}, 10_000);

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const within = Object.values(value).map(membersOf);
  return within.reduce((sum, members) => sum + members, Array.isArray(value) ? 0 : within.length);
}

const WIDE: JsonBounds = { depth: Infinity, members: Infinity, values: Infinity };

test('[M12] a text has more levels and members than so many when what it says has', () => {
  const brackets = fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\\\', ':', ',', 'a') });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 8 },
      brackets,
      fc.integer(),
      fc.array(tie('tree')),
      fc.dictionary(brackets, tie('tree')),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.boolean(), (value, isWide) => {
      const text = JSON.stringify(value, null, isWide ? 2 : 0);
      for (const [bound, count] of [
        ['depth', depthOf(JSON.parse(text))],
        ['members', membersOf(JSON.parse(text))],
      ] as const) {
        const found = [count - 1, count].map((most) => excessIn(text, { ...WIDE, [bound]: most }));
        expect(found).toEqual([count > 0 ? bound : null, null]);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('[M12] a text that is no JSON has a depth all the same', () => {
  const isDeeperThan = (text: string, depth: number) => excessIn(text, { ...WIDE, depth }) === 'depth';
  expect(isDeeperThan('['.repeat(65), 64)).toBe(true);
  expect(isDeeperThan('['.repeat(64), 64)).toBe(false);
  expect(isDeeperThan('"[[[', 0)).toBe(false);
  expect(isDeeperThan(']]][', 0)).toBe(false);
});

test.each(['0', '"a,b"', '[]', '{}', '{"a":1}'])('[M12] values are counted, whatever they are: %s', (value) => {
  const text = `[${Array.from({ length: 100 }, () => value).join(', ')}]`;
  expect(excessIn(text, { ...WIDE, values: 99 })).toBe('values');
  expect(excessIn(text, { ...WIDE, values: 200 })).toBe(null);
});
