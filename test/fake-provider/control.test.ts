import { expect, test } from 'vitest';
import { Caller } from './caller.ts';

test('[M20] health answers as soon as the provider listens', async () => {
  await using caller = await Caller.start();
  const { status, body } = await caller.control('GET', 'health');
  expect([status, body]).toEqual([200, { status: 'ok' }]);
});

test('[M20][N12] the ledger over HTTP is the ledger in process, whole or by key', async () => {
  await using caller = await Caller.start({ settings: { jobDurationMs: 0 } });
  const id = await caller.submit('data', { 'idempotency-key': 'k&1' });
  await caller.status(id);
  await caller.process({ data: 'other' });
  expect((await caller.control('GET', 'ledger')).body).toEqual({ entries: caller.provider.ledger });
  const { body } = await caller.control('GET', 'ledger?idempotency_key=k%261');
  expect(body['entries']).toMatchObject([
    { seq: 2, endpoint: '/process', executed: true, providerRequestId: id },
    { seq: 3, endpoint: '/status/{request_id}', executed: false, providerRequestId: id },
  ]);
});

test('[N7] the ledger holds no credential, no token and no request data', async () => {
  await using caller = await Caller.start();
  await caller.process({ data: 'canary-data' }, { 'idempotency-key': 'k' });
  const { body } = await caller.control('GET', 'ledger');
  const ledger = JSON.stringify(body);
  const token = caller.headers['authorization']?.split(' ')[1] ?? 'no token';
  for (const secret of ['demo-api-key', 'demo-client', 'demo-secret', 'canary-data', token]) {
    expect(ledger).not.toContain(secret);
  }
});

test('[M20] faults are scripted and cleared over HTTP', async () => {
  await using caller = await Caller.start();
  const faults = [{ endpoint: '/process', times: 2, fault: { kind: 'status', code: 500 } }];
  expect((await caller.control('POST', 'faults', faults)).body).toEqual({ scripted: 1 });
  expect((await caller.process({ data: 1 })).status).toBe(500);
  await caller.control('DELETE', 'faults');
  expect((await caller.process({ data: 1 })).status).toBe(200);
});

test('[M20] settings are patched over HTTP and answered whole', async () => {
  await using caller = await Caller.start();
  const { body } = await caller.control('POST', 'settings', { asyncStatusCode: 200 });
  expect(body).toEqual({ ...caller.provider.settings, asyncStatusCode: 200 });
  expect((await caller.process({ data: 1, options: { async: true } })).status).toBe(200);
});

test('[M20] tokens are revoked and everything is reset over HTTP', async () => {
  await using caller = await Caller.start();
  await caller.control('POST', 'revoke-tokens');
  expect((await caller.process({ data: 1 })).status).toBe(401);
  caller.provider.script({ endpoint: '/oauth/token', fault: { kind: 'status', code: 500 } });
  caller.provider.settings.rateLimit = 1;
  caller.provider.credentials.apiKey = 'other';
  await caller.control('POST', 'reset');
  expect(caller.provider.ledger).toEqual([]);
  expect(caller.provider.settings.rateLimit).toBe(1000);
  await caller.authenticate();
  expect((await caller.process({ data: 1 })).status).toBe(200);
});

const fault = { endpoint: '/process', fault: { kind: 'delay', ms: 1 } };
test.each<[string, string, unknown, string]>([
  ['faults', 'no JSON', '{', 'the body is not JSON'],
  ['faults', 'no array', fault, 'faults: expected an array of scripted faults'],
  ['faults', 'no object', [1], 'faults[0]: expected an object, got 1'],
  [
    'faults',
    'no endpoint',
    [fault, { fault: fault.fault }],
    'faults[1].endpoint: expected "/oauth/token" or "/process"',
  ],
  ['faults', 'an unknown member', [{ ...fault, time: 2 }], 'faults[0].time: unknown; expected endpoint, match, skip'],
  ['faults', 'no times', [{ ...fault, times: 0 }], 'faults[0].times: expected an integer from 1'],
  [
    'faults',
    'a wrong match',
    [{ ...fault, match: { key: 'k' } }],
    'faults[0].match.key: unknown; expected idempotencyKey',
  ],
  ['faults', 'a wrong rate', [{ ...fault, rate: 1.5 }], 'faults[0].rate: expected a number from 0 to 1, got 1.5'],
  [
    'faults',
    'an unknown kind',
    [{ ...fault, fault: { kind: 'x' } }],
    'faults[0].fault.kind: expected "status" or "headers"',
  ],
  [
    'faults',
    'no parameter',
    [{ ...fault, fault: { kind: 'delay' } }],
    'faults[0].fault.ms: expected an integer from 0',
  ],
  [
    'faults',
    'a parameter too many',
    [{ ...fault, fault: { kind: 'empty-body', ms: 1 } }],
    'faults[0].fault.ms: unknown; expected kind',
  ],
  [
    'faults',
    'an impossible header',
    [{ ...fault, fault: { kind: 'headers', headers: { 'a b': 'c' } } }],
    'faults[0].fault.headers: expected an object of HTTP header names and string values',
  ],
  ['settings', 'an unknown setting', { ratelimit: 1 }, 'settings.ratelimit: unknown; expected rateLimit'],
  ['settings', 'a wrong value', { idempotency: 'maybe' }, 'settings.idempotency: expected "honour" or "ignore"'],
  ['settings', 'nothing', '', 'settings: expected an object, got nothing'],
])('[M20] POST %s with %s is answered 400 naming what is wrong', async (route, _title, input, error) => {
  await using caller = await Caller.start();
  const { status, body } = await caller.control('POST', route, input);
  expect(status).toBe(400);
  expect(body['error']).toContain(error);
  expect((await caller.process({ data: 1 })).status).toBe(200);
  expect(caller.lastEntry?.fault).toBeNull();
});

test('[M20] an unknown control route is answered 404 with the routes there are', async () => {
  await using caller = await Caller.start();
  const { status, body } = await caller.control('GET', 'faults');
  expect(status).toBe(404);
  expect(body['error']).toContain('POST /_control/faults');
});

test('[M20] control calls are no calls of the contract: not in the ledger, not limited', async () => {
  await using caller = await Caller.start({ settings: { rateLimit: 1 } });
  for (const _ of [1, 2, 3]) expect((await caller.control('GET', 'health')).status).toBe(200);
  expect(caller.provider.ledger).toHaveLength(1);
});
