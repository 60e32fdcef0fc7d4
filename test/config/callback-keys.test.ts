import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { callbackKeys } from '../../src/config/callback-keys.ts';

const key = (bytes = 32): string => randomBytes(bytes).toString('base64');

test('[N4][M17] the first key mints and the others are kept, in any layout of a file', () => {
  const [one, two] = [key(), key(64)];
  const keys = callbackKeys.parse(`k2:${one},\n k1:${two} \n`);
  expect(keys.map(({ id, secret }) => [id, secret.toString('base64')])).toEqual([
    ['k2', one],
    ['k1', two],
  ]);
});

test.each([
  ['nothing', '', 'has no entry: expected id:key, the key as made by openssl rand -base64 32'],
  ['only commas', ' , ,\n', 'has no entry: expected id:key, the key as made by openssl rand -base64 32'],
  ['a key without an id', 'canary', 'entry 1 must be id:key, the key as made by openssl rand -base64 32'],
  ['three parts', 'k1:canary:x', 'entry 1 must be id:key, the key as made by openssl rand -base64 32'],
  ['a bad id', `canary key:${key()}`, 'entry 1 has a bad id: expected 1 to 16 of A-Z a-z 0-9 _ -'],
  ['an id with a dot', `k.1:${key()}`, 'entry 1 has a bad id: expected 1 to 16 of A-Z a-z 0-9 _ -'],
  ['no Base64', 'k1:canary!', 'entry 1 has no Base64 after the colon: expected what openssl rand -base64 32 makes'],
  ['a short key', `k1:${key(31)}`, 'entry 1 has a key of less than 32 bytes'],
  ['an id twice', `k1:${key()},k1:${key()}`, 'entry 2 has the id of an entry before it'],
])('[N4][N7][M17] %s is refused, and named by its position alone', (_, value, message) => {
  const { error } = callbackKeys.safeParse(value);
  expect(error?.issues.map((issue) => issue.message)).toEqual([message]);
});
