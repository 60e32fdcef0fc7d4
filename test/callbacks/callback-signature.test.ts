import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isSigned, type SignatureScheme, type SignedCall } from '../../src/callbacks/callback-signature.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const BODY = Buffer.from('{"id":"job-1","status":"succeeded"}');

describe('Standard Webhooks', () => {
  /** The example of the specification's reference libraries. */
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const EXAMPLE: SignedCall = {
    headers: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    body: Buffer.from('{"test": 2432232314}'),
  };
  const AT = 1_614_265_330_000;
  const good = (headers: SignedCall['headers'], body = EXAMPLE.body, now = AT): boolean =>
    isSigned('standard-webhooks', SECRET, { headers: { ...EXAMPLE.headers, ...headers }, body }, now);
  const signature = EXAMPLE.headers['webhook-signature'] as string;

  test('[N4][N8] the published example is genuine, with and without the prefix of the secret', () => {
    expect(good({})).toBe(true);
    expect(isSigned('standard-webhooks', SECRET.slice('whsec_'.length), EXAMPLE, AT)).toBe(true);
  });

  test('[N4] of several signatures, as while keys are rotated, one has to be ours', () => {
    const foreign = `v1,${randomBytes(32).toString('base64')}`;
    expect(good({ 'webhook-signature': `${foreign} v1a,x ${signature}` })).toBe(true);
    expect(good({ 'webhook-signature': `${foreign} v1a,x` })).toBe(false);
  });

  test('[N4][N8] five minutes of another clock are taken, and no more', () => {
    expect([-300, -299, 0, 299, 300].map((s) => good({}, undefined, AT + s * 1000))).toEqual(Array(5).fill(true));
    expect([-301, 301, 86_400].map((s) => good({}, undefined, AT + s * 1000))).toEqual(Array(3).fill(false));
  });

  test.each<[title: string, headers: SignedCall['headers']]>([
    ['no signature', { 'webhook-signature': undefined }],
    ['an empty one', { 'webhook-signature': '' }],
    ['one without its version', { 'webhook-signature': signature.slice('v1,'.length) }],
    ['one of another version', { 'webhook-signature': signature.replace('v1,', 'v2,') }],
    ['one that is cut', { 'webhook-signature': signature.slice(0, -1) }],
    ['several as a list', { 'webhook-signature': [signature] }],
    ['no id', { 'webhook-id': undefined }],
    ['another id', { 'webhook-id': 'msg_2' }],
    ['no time', { 'webhook-timestamp': undefined }],
    ['another time', { 'webhook-timestamp': '1614265331' }],
    ['a time that is no number', { 'webhook-timestamp': '1614265330.0' }],
    ['a time in words', { 'webhook-timestamp': 'Infinity' }],
  ])('[N4][N8] forged: %s', (_title, headers) => {
    expect(good(headers)).toBe(false);
  });

  test('[N4][N8] forged: another body, one byte longer too', () => {
    expect(good({}, Buffer.from('{"test": 2432232315}'))).toBe(false);
    expect(good({}, Buffer.concat([EXAMPLE.body, Buffer.from(' ')]))).toBe(false);
  });
});

describe('an HMAC in a header', () => {
  const SECRET = 'a secret of theirs';
  const mac = (encoding: 'hex' | 'base64'): string => createHmac('sha256', SECRET).update(BODY).digest(encoding);
  const signed = (scheme: Exclude<SignatureScheme, string>, value: string | undefined, body = BODY): boolean =>
    isSigned(scheme, SECRET, { headers: { 'x-signature': value }, body }, NOW);
  const HEX = { header: 'X-Signature', hmac: 'sha256', encoding: 'hex', prefix: '' } as const;
  const BASE64 = { ...HEX, encoding: 'base64' } as const;
  const GITHUB = { ...HEX, prefix: 'sha256=' } as const;

  test('[N4][N8] genuine: in each encoding, with its prefix, hex in capitals too', () => {
    expect(signed(HEX, mac('hex'))).toBe(true);
    expect(signed(HEX, mac('hex').toUpperCase())).toBe(true);
    expect(signed(BASE64, mac('base64'))).toBe(true);
    expect(signed(GITHUB, `sha256=${mac('hex')}`)).toBe(true);
  });

  test.each<[title: string, scheme: Exclude<SignatureScheme, string>, value: string | undefined]>([
    ['no header', HEX, undefined],
    ['an empty one', HEX, ''],
    ['no prefix', GITHUB, mac('hex')],
    ['another prefix', GITHUB, `sha1=${mac('hex')}`],
    ['a prefix that nobody expects', HEX, `sha256=${mac('hex')}`],
    ['another encoding', HEX, mac('base64')],
    ['Base64 in other letters', BASE64, mac('base64').toLowerCase()],
    ['cut', HEX, mac('hex').slice(0, 32)],
    ['another secret', HEX, createHmac('sha256', 'x').update(BODY).digest('hex')],
    ['letters beyond ASCII', HEX, 'é'.repeat(64)],
  ])('[N4][N8] forged: %s', (_title, scheme, value) => {
    expect(signed(scheme, value)).toBe(false);
  });

  test('[N4][N8] forged: another body', () => {
    expect(signed(HEX, mac('hex'), Buffer.concat([BODY, Buffer.from(' ')]))).toBe(false);
  });
});
