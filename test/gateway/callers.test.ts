import { expect, test } from 'vitest';
import { ACME, digestOf, OTHER, problemOf, startGateway } from './running-gateway.ts';

test.each([
  [undefined, 'Bearer realm="external-api"'],
  // RFC 6750, section 3.1: no error code for another scheme.
  ['Basic YTpi', 'Bearer realm="external-api"'],
  ['Bearer ', 'Bearer realm="external-api", error="invalid_token"'],
  ['Bearer wrong-canary', 'Bearer realm="external-api", error="invalid_token"'],
])(
  '[M16][N7] a caller with Authorization %j gets a 401, and the warning in the log has no key',
  async (value, challenge) => {
    const { url, log, client } = await startGateway();
    const response = await fetch(`${url}/api/external/process`, {
      method: 'POST',
      // The body is not even read: a stranger learns nothing about it.
      headers: { 'content-type': 'text/plain', ...(value !== undefined && { authorization: value }) },
      body: 'x',
    });
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    expect(await problemOf(response)).toMatchObject({ status: 401, error: 'CallerAuthenticationError' });
    expect(log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'caller_refused', remote_address: '127.0.0.1' }),
    );
    expect(JSON.stringify(log)).not.toContain('canary');
    expect(client.requests.size).toBe(0);
  },
);

test('[M16] a key finds its tenant wherever it stands in the list, and the empty key none', async () => {
  const keys = ['a', 'b', 'c', ''].map((key) => [digestOf(key), { tenant: `tenant-${key}`, expiresAt: null }] as const);
  const { client, post } = await startGateway({ syncWaitMs: 0, apiKeys: new Map(keys) });
  for (const scheme of ['Bearer', 'bearer', 'BEARER  '])
    for (const key of ['a', 'b', 'c']) {
      expect((await post({ data: 1 }, { authorization: `${scheme} ${key}` })).status).toBe(202);
      expect(client.requests.get(client.lastId)?.snapshot.tenant).toBe(`tenant-${key}`);
    }
  for (const authorization of ['Bearer d', 'Bearer', 'Bearer a b', 'Bearera', 'a'])
    expect([authorization, (await post({ data: 1 }, { authorization })).status]).toEqual([authorization, 401]);
});

test('[M16][M17] a key is good until the instant it expires at, and its caller is told that it has', async () => {
  const until = (expiresAt: number) => ({ tenant: 'acme', expiresAt });
  const apiKeys = new Map([
    [digestOf('old'), until(Date.now())],
    [digestOf('new'), until(Date.now() + 60_000)],
  ]);
  const { status, log } = await startGateway({ apiKeys });
  expect((await status(`req_${'0'.repeat(26)}`, 'new')).status).toBe(404);
  const refused = await status(`req_${'0'.repeat(26)}`, 'old');
  expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="external-api", error="invalid_token"');
  expect(await problemOf(refused)).toMatchObject({ status: 401, detail: expect.stringContaining('has expired') });
  expect(log).toContainEqual(expect.objectContaining({ event: 'caller_refused', reason: 'expired key' }));
});

test('[M16] without a list of keys everybody is the tenant default', async () => {
  const { client, post } = await startGateway({ open: true, syncWaitMs: 0 });
  expect((await post({ data: 1 }, { authorization: '' })).status).toBe(202);
  expect(client.requests.get(client.lastId)?.snapshot.tenant).toBe('default');
});

test('[M16][N7] every request leaves one access line, without query, body or headers', async () => {
  const { url, log, client, post } = await startGateway({ syncWaitMs: 0 });
  await post({ data: 'data-canary' }, { 'x-api-key': 'header-canary', authorization: `Bearer ${OTHER}` });
  await fetch(`${url}/api/external/status/${client.lastId}?token=query-canary`, {
    headers: { authorization: `Bearer ${ACME}` },
  });
  await fetch(`${url}/unknown/path-canary`);
  expect(log.filter(({ event }) => event === 'gateway_request')).toMatchObject([
    { method: 'POST', route: '/api/external/process', status_code: 202, tenant: 'other', request_id: client.lastId },
    { method: 'GET', route: '/api/external/status/:request_id', status_code: 400, tenant: 'acme' },
    { method: 'GET', route: null, status_code: 404, tenant: null },
  ]);
  expect(JSON.stringify(log)).not.toContain('canary');
});
