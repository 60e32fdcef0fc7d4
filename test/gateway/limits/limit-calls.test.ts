import { parseList } from 'structured-headers';
import { expect, test } from 'vitest';
import { MinuteCounts } from '../../../src/gateway/limits/minute-counts.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { ACME, OTHER, problemOf, startGateway } from '../running-gateway.ts';

const limits = { callsPerMinute: 3, requestsInFlight: null };
const async = { data: 1, options: { async: true } };
const OF_OTHER = { authorization: `Bearer ${OTHER}` };

test('[M16][M19] a tenant that calls too often is refused until its minute is over, and no other is', async () => {
  let now = 0;
  const counts = new MinuteCounts();
  const { post, client } = await startGateway({ limits, countCall: (tenant) => counts.count(tenant, now) });
  for (let call = 0; call < 3; call++) expect((await post(async)).status).toBe(202);
  now = 20_500;
  const refused = await post(async);
  expect(refused.headers.get('retry-after')).toBe('40');
  expect(refused.headers.get('ratelimit')).toBe('"calls";r=0;t=40');
  expect(refused.headers.get('ratelimit-policy')).toBe('"calls";q=3;w=60');
  expect(await problemOf(refused)).toMatchObject({
    type: 'about:blank',
    title: 'Too Many Requests',
    status: 429,
    error: 'TooManyCallsError',
    detail: expect.stringContaining('Repeat the call in 40 s'),
  });
  expect(client.requests.size).toBe(3);
  expect((await post(async, OF_OTHER)).status).toBe(202);
  now = 60_000;
  expect((await post(async)).status).toBe(202);
});

test('[M16][M19] every answer to a caller says what is left, and none asks it back too early', async () => {
  const { post, status, client, url } = await startGateway({ limits });
  const left = ({ headers }: Response) =>
    parseList(headers.get('ratelimit') ?? '').map(([name, parameters]) => [name, parameters.get('r')]);
  const first = await post(async);
  expect([left(first), first.headers.get('retry-after')]).toEqual([[['calls', 2]], '2']);
  expect(left(await post({ data: null }))).toEqual([['calls', 1]]);
  const last = await status(client.lastId);
  expect([last.status, left(last)]).toEqual([200, [['calls', 0]]]);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(2);
  expect(left(await status(client.lastId))).toEqual([['calls', 0]]);
  for (const path of ['/healthz', '/openapi.json', '/nothing']) expect(left(await fetch(url + path))).toEqual([]);
});

test('[M16][M19] a caller that nobody knows uses up the calls of no tenant', async () => {
  const { post } = await startGateway({ limits });
  for (let call = 0; call < 5; call++) expect((await post(async, { authorization: 'Bearer x' })).status).toBe(401);
  expect((await post(async)).status).toBe(202);
});

test('[M16][M15] a refusal is counted and audited as others are, and reads no body', async () => {
  const { post, log, app } = await startGateway({ limits: { ...limits, callsPerMinute: 1 } });
  await post(async);
  expect((await post('{"data":')).status).toBe(429);
  await waitUntil('it is audited', () =>
    log.some(({ event, status_code: code }) => event === 'gateway_audit' && code === 429),
  );
  expect(log).toContainEqual(
    expect.objectContaining({ event: 'gateway_audit', action: 'process', tenant: 'acme', status_code: 429 }),
  );
  expect(log).toContainEqual(expect.objectContaining({ event: 'gateway_request', level: 'info', status_code: 429 }));
  expect(await app.metrics.metrics()).toContain('external_api_gateway_refusals_total{reason="TooManyCallsError"} 1');
});

test('[M19] without limits nothing is counted, and no field speaks of any', async () => {
  const { post } = await startGateway();
  const { headers } = await post(async, { authorization: `Bearer ${ACME}` });
  expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([null, null]);
});
