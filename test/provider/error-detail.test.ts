import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorOf, errorOfBody, sanitize } from '../../src/provider/error-detail.ts';

test.each([
  [{ error: 'bad data' }, 'bad data'],
  [{ error: { message: 'bad data', code: 7 } }, 'bad data'],
  [{ error: 'invalid_client', error_description: 'who?' }, 'invalid_client (who?)'],
  [{ error: 'two\r\nlines\tand \u001b[31mcolour\u202e' }, 'two lines and [31mcolour'],
  [{ error: ' \n ' }, null],
  [{ error: { code: 7 } }, null],
  [{ error: 7 }, null],
  [{ error: null }, null],
  [{ message: 'bad data' }, null],
  [['error'], null],
  ['error', null],
  [null, null],
])('[M6][M12] the detail of %j is %j', (reply, detail) => {
  expect(errorOf(reply, []).detail).toBe(detail);
});

test('[M6] a body that is not JSON has no detail', () => {
  expect(errorOfBody('<html>', [])).toEqual({ code: null, detail: null });
  expect(errorOfBody('{"error":"x","error_description":"y"}', [])).toEqual({ code: 'x', detail: 'x (y)' });
});

test('[N7] a secret is taken out even when invisible characters split it or the cut would leave half of it', () => {
  expect(sanitize('key: se\u0000c\u200bret!', ['secret'])).toBe('key: [redacted]!');
  expect(sanitize(`${'x'.repeat(497)}secret`, ['secret'])).not.toContain('sec');
  expect(sanitize('abc', [''])).toBe('abc');
  expect(sanitize('a secret with  two blanks', ['with  two'])).toBe('a secret [redacted] blanks');
  expect(sanitize('a b', ['  '])).toBe('a b');
});

test('[M6][N7] any text comes out as one line of at most 500 characters, without control characters and secrets', () => {
  const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('canary-7'), fc.constant('\ud800')));
  fc.assert(
    fc.property(parts, (list) => {
      const line = sanitize(list.join(''), ['canary-7']);
      expect(line.length).toBeLessThanOrEqual(500);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
      expect(line).not.toContain('canary-7');
    }),
  );
  expect(sanitize(`${'x'.repeat(499)}😀`, [])).toBe('x'.repeat(499));
});
