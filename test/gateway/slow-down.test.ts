import { expect, test } from 'vitest';
import { mintToken } from '../../src/callbacks/link.ts';
import { startIssuer } from './issuer.ts';
import { ACME, OTHER, problemOf, startGateway, type RunningGateway } from './running-gateway.ts';

const KEY = { id: 'k1', secret: Buffer.alloc(32, 1) };
const NOBODYS = `req_${'0'.repeat(26)}`;

/** Reads as somebody with that key, and as a proxy would pass it on. */
function caller({ url }: RunningGateway) {
  return (key: string, forwardedFor?: string): Promise<Response> =>
    fetch(`${url}/api/external/status/${NOBODYS}`, {
      headers: {
        ...(key !== '' && { authorization: `Bearer ${key}` }),
        ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
      },
    });
}

async function statuses(answers: Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(answers)).map(({ status }) => status);
}

async function guess(as: ReturnType<typeof caller>, times: number, forwardedFor?: string): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < times; i++) seen.push((await as(`guess-canary-${i}`, forwardedFor)).status);
  return seen;
}

test('[M16] ten guesses slow an address down: then none is looked at, a good one neither, and who was in stays in', async () => {
  const gateway = await startGateway();
  const as = caller(gateway);
  expect((await as(ACME)).status).toBe(404);
  expect(await guess(as, 12)).toEqual([...Array<number>(10).fill(401), 429, 429]);
  // Whether it is a good one is what a guesser wants to know.
  const slowed = await as(OTHER);
  expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(slowed.headers.get('retry-after'))).toBeLessThanOrEqual(10);
  expect(slowed.headers.get('www-authenticate')).toBeNull();
  expect(await problemOf(slowed)).toMatchObject({ status: 429, error: 'TooManyFailedAttemptsError' });
  expect((await as(ACME)).status).toBe(404);
  // They guess nothing.
  expect((await as('')).status).toBe(401);
  const told = gateway.log.filter(({ event }) => event === 'address_slowed');
  expect(told).toMatchObject([{ level: 'warn', remote_address: '127.0.0.1', what: 'address', wait: 10 }]);
  expect(JSON.stringify(gateway.log)).not.toContain('canary');
  const page = await gateway.app.metrics.metrics();
  expect(page).toContain('external_api_gateway_failed_attempts_total{reason="unknown key"} 10');
  expect(page).toContain('external_api_gateway_refusals_total{reason="TooManyFailedAttemptsError"} 3');
});

test('[M16] one client with a broken key is slowed down alone', async () => {
  const gateway = await startGateway();
  const as = caller(gateway);
  for (let i = 0; i < 10; i++) expect((await as('broken')).status).toBe(401);
  expect((await as('broken')).status).toBe(429);
  expect((await as(OTHER)).status).toBe(404);
  expect(gateway.log).toContainEqual(expect.objectContaining({ event: 'address_slowed', what: 'credential' }));
});

test('[M16] many at once get no more guesses than one after the other', async () => {
  const as = caller(await startGateway());
  const seen = await statuses(Array.from({ length: 200 }, (_, i) => as(`guess-${i}`)));
  expect(seen.filter((status) => status === 401)).toHaveLength(10);
  expect(seen.filter((status) => status === 429)).toHaveLength(190);
});

test('[M16] without GATEWAY_TRUSTED_PROXIES nobody is believed where a request comes from', async () => {
  const gateway = await startGateway();
  const as = caller(gateway);
  const seen = await statuses(Array.from({ length: 12 }, (_, i) => as(`guess-${i}`, `192.0.2.${i}`)));
  expect(seen.filter((status) => status === 429)).toHaveLength(2);
  expect(gateway.log).toContainEqual(
    expect.objectContaining({ event: 'address_slowed', msg: expect.stringContaining('GATEWAY_TRUSTED_PROXIES') }),
  );
});

test('[M16] behind a trusted proxy it is the address that the proxy saw, whatever the caller wrote before it', async () => {
  const gateway = await startGateway({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'] });
  const as = caller(gateway);
  const forged = (i: number): string => `198.51.100.${i}, 203.0.113.7, 10.1.2.3`;
  for (let i = 0; i < 10; i++) expect((await as(`guess-${i}`, forged(i))).status).toBe(401);
  expect((await as('guess-10', forged(10))).status).toBe(429);
  expect((await as('guess-11', '203.0.113.8')).status).toBe(401);
  expect((await as(OTHER, '203.0.113.8')).status).toBe(404);
  expect(gateway.log).toContainEqual(
    expect.objectContaining({ event: 'address_slowed', remote_address: '203.0.113.7' }),
  );
});

test('[M16] behind a trusted proxy a /64 is one, and all who cannot be told apart are one', async () => {
  const as = caller(await startGateway({ trustedProxies: ['loopback'] }));
  for (let i = 0; i < 10; i++) expect((await as(`guess-${i}`, `2001:db8::${i}`)).status).toBe(401);
  expect((await as('guess-10', '2001:db8::ffff:1')).status).toBe(429);
  expect((await as('guess-10', '2001:db8:0:1::1')).status).toBe(401);
  const junk = ['unknown', '_x', '1.2.3', ';', '"', 'a'.repeat(500), '999.1.1.1', '::g', '-', '0'];
  for (const [i, text] of junk.entries()) expect([text, (await as(`junk-${i}`, text)).status]).toEqual([text, 401]);
  expect((await as('junk-10', 'yet another')).status).toBe(429);
});

test('[M16] a 503 because the keys of an issuer are away, and a good token without a tenant, are no failed attempts', async () => {
  const issuer = await startIssuer();
  const [good, nobodys] = [await issuer.token(), await issuer.token({ tenant: undefined })];
  issuer.answer = (response) => response.writeHead(500).end();
  const gateway = await startGateway({ tokens: issuer.rules });
  const as = caller(gateway);
  for (let i = 0; i < 12; i++) expect((await as(good)).status).toBe(503);
  issuer.answer = null;
  const later = await startGateway({ tokens: issuer.rules });
  for (let i = 0; i < 12; i++) expect((await caller(later)(nobodys)).status).toBe(403);
  expect([...gateway.log, ...later.log].filter(({ event }) => event === 'address_slowed')).toEqual([]);
});

test('[M16] a good token is taken from an address that is slowed down, since nobody can guess one', async () => {
  const issuer = await startIssuer();
  const as = caller(await startGateway({ tokens: issuer.rules }));
  expect(await guess(as, 11)).toContain(429);
  expect((await as(await issuer.token())).status).toBe(404);
  expect((await as(`${await issuer.token()}x`)).status).toBe(429);
});

test('[M16] forged callbacks slow no caller down, and callers who are slowed down no callback', async () => {
  const callbacks = { provider: 'replicate', keys: [KEY], idAt: null, signature: null } as const;
  const gateway = await startGateway({ callbacks });
  const as = caller(gateway);
  const call = (token: string): Promise<Response> =>
    fetch(`${gateway.url}/callbacks/${token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
  const good = mintToken(KEY, { provider: 'replicate', requestId: NOBODYS });
  for (let i = 0; i < 20; i++) expect((await call(`${good.slice(0, -6)}AAAAAA`)).status).toBe(401);
  expect((await as(OTHER)).status).toBe(404);
  expect(await guess(as, 11)).toContain(429);
  expect((await call(good)).status).toBe(204);
  expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${gateway.url}/openapi.json`)).status).toBe(200);
});
