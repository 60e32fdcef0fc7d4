import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { mintToken, verifyToken, type CallbackKey, type CallbackKeys } from '../../src/callbacks/link.ts';

const key = (id: string): CallbackKey => ({ id, secret: randomBytes(32) });
const [OLD, NEW] = [key('k1'), key('k2')];
const KEYS: CallbackKeys = [NEW, OLD];
const REQUEST = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const OTHER = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAW';
const subject = (provider: string, requestId: string) => ({ provider, requestId });
const TOKEN = mintToken(NEW, subject('replicate', REQUEST));
const [, , MAC = ''] = TOKEN.split('.');

test('[N4][N8] a token names its key and its request, and fits into a path', () => {
  expect(TOKEN).toMatch(/^k2\.req_01ARZ3NDEKTSV4RRFFQ69G5FAV\.[A-Za-z0-9_-]{43}$/);
  expect(verifyToken(KEYS, 'replicate', TOKEN)).toBe(REQUEST);
});

test('[N4] the same request has the same token, so that a repeated submit has the same bytes', () => {
  expect(mintToken(NEW, subject('replicate', REQUEST))).toBe(TOKEN);
});

test('[N4][N8] a token of an earlier key is good as long as that key is known', () => {
  const earlier = mintToken(OLD, subject('replicate', REQUEST));
  expect(verifyToken(KEYS, 'replicate', earlier)).toBe(REQUEST);
  expect(verifyToken([NEW], 'replicate', earlier)).toBeNull();
});

describe('[N4][N8] nobody mints one without the key', () => {
  test.each<[title: string, token: string]>([
    ['no token', ''],
    ['parts that are missing', `k2.${REQUEST}`],
    ['a part too many', `${TOKEN}.x`],
    ['no MAC', `k2.${REQUEST}.`],
    ['another request', `k2.${OTHER}.${MAC}`],
    ['the MAC of another key', mintToken(OLD, subject('replicate', REQUEST)).replace('k1.', 'k2.')],
    ['the id of another key', TOKEN.replace('k2.', 'k1.')],
    ['an unknown key', TOKEN.replace('k2.', 'k3.')],
    ['the name of a member of all objects', TOKEN.replace('k2.', '__proto__.')],
    ['a MAC that is cut', TOKEN.slice(0, -1)],
    ['a MAC that goes on', `${TOKEN}A`],
    ['a MAC with padding', `${TOKEN}=`],
    ['a MAC in the other alphabet', `k2.${REQUEST}.${Buffer.from(MAC, 'base64url').toString('base64')}`],
    ['no request id', mintToken(NEW, subject('replicate', 'x'))],
    ['a request id in small letters', `k2.${REQUEST.toLowerCase()}.${MAC}`],
    ['letters beyond ASCII', `k2.${REQUEST}.${'é'.repeat(43)}`],
    ['a token of another provider', mintToken(NEW, subject('runway', REQUEST))],
    ['a line break in the provider', mintToken(NEW, subject(`replicate\n${REQUEST}`, REQUEST))],
  ])('%s', (_title, token) => {
    expect(verifyToken(KEYS, 'replicate', token)).toBeNull();
  });
});

test('[N8] the last character of a MAC has one spelling only', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const good = Array.from(alphabet).filter(
    (last) => verifyToken(KEYS, 'replicate', TOKEN.slice(0, -1) + last) !== null,
  );
  expect(good).toHaveLength(1);
});
