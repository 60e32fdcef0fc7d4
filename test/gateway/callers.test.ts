import { expect, test } from 'vitest';
import { createTenantLookup } from '../../src/gateway/authentication.ts';
import { createHash } from 'node:crypto';
import { ACME, OTHER, problemOf, startGateway } from './running-gateway.ts';

test.each([
  [undefined, 'Bearer realm="external-api"'],
  ['Basic YTpi', 'Bearer realm="external-api", error="invalid_token"'],
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

test('[M16] a key finds its tenant wherever it stands in the list', () => {
  const digest = (key: string) => createHash('sha256').update(key).digest('hex');
  const tenantOf = createTenantLookup(new Map(['a', 'b', 'c'].map((key) => [digest(key), `tenant-${key}`])));
  expect(['a', 'b', 'c', 'd'].map((key) => tenantOf(`Bearer ${key}`))).toEqual([
    'tenant-a',
    'tenant-b',
    'tenant-c',
    null,
  ]);
  expect(tenantOf('bearer a')).toBe('tenant-a');
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
