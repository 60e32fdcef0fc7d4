import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { open, seal } from '../../src/provider/token-cipher.ts';

const KEY = randomBytes(32);
const SCOPE = 'provider-1';

test('[M17] what is sealed opens with its key and scope', () => {
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(texts, texts, (scope, text) => {
      expect(open(KEY, scope, seal(KEY, scope, text))).toBe(text);
    }),
  );
});

test('[M17] with another key or scope it does not', () => {
  const sealed = seal(KEY, SCOPE, 'token');
  expect(open(randomBytes(32), SCOPE, sealed)).toBeNull();
  expect(open(KEY, 'provider-2', sealed)).toBeNull();
});

test('[M17][N7] it hides the text, and looks different each time', () => {
  const sealed = Array.from({ length: 100 }, () => seal(KEY, SCOPE, 'token'));
  expect(new Set(sealed).size).toBe(100);
  for (const each of sealed) expect(Buffer.from(each, 'base64').includes('token')).toBe(false);
});

test('[M17] no byte of it can be changed or left out', () => {
  const bytes = Buffer.from(seal(KEY, SCOPE, 'token'), 'base64');
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(open(KEY, SCOPE, changed.toString('base64'))).toBeNull();
    expect(open(KEY, SCOPE, bytes.subarray(0, index).toString('base64'))).toBeNull();
  }
});

test('[M17] anything else does not open, and does not throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      expect(open(KEY, SCOPE, text)).toBeNull();
    }),
  );
});
