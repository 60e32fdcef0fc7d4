import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { AUDIENCE, ISSUER, startIssuer, type Issuer } from './issuer.ts';
import { ACME, problemOf, startGateway } from './running-gateway.ts';

const UNKNOWN = `req_${'0'.repeat(26)}`;
const INVALID = 'Bearer realm="external-api", error="invalid_token"';
const seconds = (from: number): number => Math.floor(Date.now() / 1000) + from;

/** A gateway that takes tokens beside keys. */
async function startWithTokens() {
  const issuer = await startIssuer();
  return { issuer, ...(await startGateway({ syncWaitMs: 0, tokens: issuer.rules })) };
}

test('[M16] a token of the issuer, for this audience, is good for the tenant that it names, beside the keys', async () => {
  const { issuer, client, post } = await startWithTokens();
  for (const [credential, tenant] of [
    [await issuer.token({ tenant: 'from-token' }), 'from-token'],
    [await issuer.token({ aud: ['other', AUDIENCE], tenant: 'a.b_c-1' }), 'a.b_c-1'],
    [ACME, 'acme'],
  ] as const) {
    expect((await post({ data: 1 }, { authorization: `Bearer ${credential}` })).status).toBe(202);
    expect(client.requests.get(client.lastId)?.snapshot.tenant).toBe(tenant);
  }
});

test.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'])(
  '[M16] a token may be signed by %s',
  async (alg) => {
    const issuer = await startIssuer();
    await issuer.add('other', alg);
    const { status } = await startGateway({ tokens: issuer.rules });
    expect((await status(UNKNOWN, await issuer.token({}, { kid: 'other', alg }))).status).toBe(404);
  },
);

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const GOOD = { iss: ISSUER, aud: AUDIENCE, exp: seconds(3_600), tenant: 'canary-tenant' };

test.each<[string, string, (issuer: Issuer) => Promise<string> | string]>([
  ['without a signature', 'bad token', () => new UnsecuredJWT(GOOD).encode()],
  [
    'with an empty signature of an algorithm',
    'bad token',
    () => `${b64({ alg: 'ES256', kid: 'first' })}.${b64(GOOD)}.`,
  ],
  ['whose header says none', 'bad token', () => `${b64({ alg: 'none' })}.${b64(GOOD)}.AAAA`],
  [
    'whose claims were changed',
    'bad token',
    async (issuer) => {
      const [head, , signature] = (await issuer.token()).split('.');
      return [head, b64(GOOD), signature].join('.');
    },
  ],
  [
    'of another key by the same name',
    'bad token',
    async () => {
      const { privateKey } = await generateKeyPair('ES256');
      return new SignJWT(GOOD).setProtectedHeader({ alg: 'ES256', kid: 'first' }).sign(privateKey);
    },
  ],
  // The classic: the public key, which everybody has, as the secret of an HMAC.
  [
    'signed by HMAC',
    'bad token',
    () => new SignJWT(GOOD).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(Buffer.from('x'.repeat(32))),
  ],
  ['that names an unknown key', 'bad token', (issuer) => issuer.token({}, { kid: 'canary' })],
  [
    'that brings its own key',
    'bad token',
    async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const header = { alg: 'ES256', kid: 'own', jku: 'http://127.0.0.1:1/canary' };
      return new SignJWT(GOOD).setProtectedHeader(header).sign(privateKey);
    },
  ],
  ['that is no JSON', 'bad token', () => 'canary.canary.canary'],
  ['of another issuer', 'foreign token', (issuer) => issuer.token({ iss: 'https://login.example.com' })],
  ['of no issuer', 'foreign token', (issuer) => issuer.token({ iss: undefined })],
  ['for another audience', 'foreign token', (issuer) => issuer.token({ aud: 'https://other.example.com' })],
  ['for no audience', 'foreign token', (issuer) => issuer.token({ aud: undefined })],
  ['that has expired', 'expired token', (issuer) => issuer.token({ exp: seconds(-45) })],
  ['without an expiry', 'bad claims', (issuer) => issuer.token({ exp: undefined })],
  ['that is not valid yet', 'bad claims', (issuer) => issuer.token({ nbf: seconds(60) })],
])('[M16][N7] a token %s is a 401 and %j in the log', async (_, reason, make) => {
  const { issuer, status, log } = await startWithTokens();
  // What is known of the keys does not decide it.
  expect((await status(UNKNOWN, await issuer.token())).status).toBe(404);
  const response = await status(UNKNOWN, await make(issuer));
  expect(response.headers.get('www-authenticate')).toBe(INVALID);
  expect(await problemOf(response)).toMatchObject({ status: 401, error: 'CallerAuthenticationError' });
  expect(log).toContainEqual(expect.objectContaining({ event: 'caller_refused', reason }));
  expect(JSON.stringify(log)).not.toMatch(/canary|eyJ/);
});

test('[M16] clocks may differ by the skew, and no more', async () => {
  const { issuer, status } = await startWithTokens();
  const answerTo = async (claims: object) => (await status(UNKNOWN, await issuer.token({ ...claims }))).status;
  expect(await answerTo({ exp: seconds(-20) })).toBe(404);
  expect(await answerTo({ nbf: seconds(20) })).toBe(404);
  expect(await answerTo({ exp: seconds(-40) })).toBe(401);
  expect(await answerTo({ nbf: seconds(40) })).toBe(401);
});

test.each([
  ['none', undefined],
  ['a list', ['acme']],
  ['an empty one', ''],
  ['one with a blank', 'acme corp'],
  ['a number', 7],
])('[M16] a good token whose tenant is %s is a 403, which no new token helps', async (_, tenant) => {
  const { issuer, status } = await startWithTokens();
  const response = await status(UNKNOWN, await issuer.token({ tenant }));
  expect(response.headers.get('www-authenticate')).toBe('Bearer realm="external-api", error="insufficient_scope"');
  expect(await problemOf(response)).toMatchObject({ status: 403, error: 'NoTenantError' });
});

test('[M16] with tokens alone, who shows none is no tenant', async () => {
  const issuer = await startIssuer();
  const { status, post } = await startGateway({ open: true, tokens: issuer.rules });
  expect((await post({ data: 1 }, { authorization: '' })).status).toBe(401);
  expect((await status(UNKNOWN, 'a-key')).status).toBe(401);
  expect((await status(UNKNOWN, await issuer.token())).status).toBe(404);
});
