import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { asForm, Caller, CLIENT_CREDENTIALS } from './caller.ts';

const basic = (id: string, secret: string) => ({
  ...asForm({ grant_type: 'client_credentials' }),
  headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
});

test('[M2] client credentials in the form get a bearer token with its lifetime', async () => {
  await using caller = await Caller.start({ settings: { tokenLifetimeS: 120 } });
  const { status, headers, body } = await caller.token();
  expect({ status, body }).toEqual({
    status: 200,
    body: { access_token: expect.stringMatching(/^\S{32}$/) as string, token_type: 'Bearer', expires_in: 120 },
  });
  expect(headers.get('cache-control')).toBe('no-store');
  expect(caller.lastEntry).toMatchObject({ endpoint: '/oauth/token', executed: true, statusCode: 200 });
});

test('[M2] client credentials in Basic are form-decoded (RFC 6749, section 2.3.1)', async () => {
  await using caller = await Caller.start();
  Object.assign(caller.provider.credentials, { clientId: 'a:b', clientSecret: 'ü +%' });
  expect((await caller.token(basic('a%3Ab', '%C3%BC+%2B%25'))).status).toBe(200);
  expect((await caller.token(basic('a:b', 'ü +%'))).status).toBe(401);
  expect((await caller.token(basic('a%3Ab', '%'))).body['error']).toBe('invalid_client');
});

const { client_secret: _, ...withoutSecret } = CLIENT_CREDENTIALS;
test.each<[string, RequestInit, number, string]>([
  ['a wrong secret', asForm({ ...CLIENT_CREDENTIALS, client_secret: 'x' }), 401, 'invalid_client'],
  ['a wrong client', asForm({ ...CLIENT_CREDENTIALS, client_id: 'x' }), 401, 'invalid_client'],
  ['no secret', asForm(withoutSecret), 401, 'invalid_client'],
  ['a wrong secret in Basic', basic('demo-client', 'x'), 401, 'invalid_client'],
  ['another grant', asForm({ ...CLIENT_CREDENTIALS, grant_type: 'password' }), 400, 'unsupported_grant_type'],
  ['no grant_type', asForm({ client_id: 'demo-client', client_secret: 'demo-secret' }), 400, 'invalid_request'],
  ['JSON', { method: 'POST', body: JSON.stringify(CLIENT_CREDENTIALS) }, 400, 'invalid_request'],
  [
    'a repeated parameter',
    { ...asForm({}), body: new URLSearchParams([...Object.entries(CLIENT_CREDENTIALS), ['client_id', 'demo-client']]) },
    400,
    'invalid_request',
  ],
  [
    'two ways to authenticate',
    { ...basic('demo-client', 'demo-secret'), ...asForm(CLIENT_CREDENTIALS) },
    400,
    'invalid_request',
  ],
])('[M2] a token request with %s is refused as RFC 6749 says', async (_title, init, status, error) => {
  await using caller = await Caller.start();
  const reply = await caller.token(init);
  expect([reply.status, reply.body['error']]).toEqual([status, error]);
  expect(reply.headers.has('www-authenticate')).toBe(status === 401);
  expect(caller.lastEntry).toMatchObject({ executed: false, statusCode: status });
});

test('[M2] a token is refused after its lifetime, and a new one is accepted', async () => {
  await using caller = await Caller.start({ settings: { tokenLifetimeS: 0.2 } });
  expect((await caller.process({ data: 1 })).status).toBe(200);
  await sleep(210);
  expect((await caller.process({ data: 1 })).status).toBe(401);
  await caller.authenticate();
  expect((await caller.process({ data: 1 })).status).toBe(200);
});

test('[M5] all tokens can be revoked at once', async () => {
  await using caller = await Caller.start();
  caller.provider.revokeTokens();
  const { status, body, headers } = await caller.process({ data: 1 });
  expect([status, body['error']]).toEqual([401, 'the token is unknown, revoked or expired']);
  expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
});

test('[M20] members of the token answer can be replaced or left out', async () => {
  await using caller = await Caller.start();
  caller.provider.settings.tokenAnswer = { token_type: null, expires_in: '3600' };
  expect(Object.keys((await caller.token()).body)).toEqual(['access_token', 'expires_in']);
  expect((await caller.token()).body['expires_in']).toBe('3600');
});
