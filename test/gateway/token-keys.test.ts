import type { ServerResponse } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { waitUntil } from '../helpers/wait-until.ts';
import { startIssuer } from './issuer.ts';
import { problemOf, startGateway } from './running-gateway.ts';

const UNKNOWN = `req_${'0'.repeat(26)}`;

afterEach(() => void vi.useRealTimers());

/** Only the clock that the ages of keys are told by. */
function pass(ms: number): void {
  const now = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(now + ms);
}

async function start() {
  const issuer = await startIssuer();
  const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 86_400 });
  const gateway = await startGateway({ tokens: issuer.rules });
  return {
    issuer,
    token,
    ...gateway,
    answerTo: async (credential: string) => (await gateway.status(UNKNOWN, credential)).status,
    events: (event: string) => gateway.log.filter((line) => line['event'] === event),
  };
}

test('[M16] while the keys of the issuer are away those that are known stay good, and a token of another is a 503 with Retry-After, not a 401', async () => {
  const { issuer, token, answerTo, status, events, log } = await start();
  expect(await answerTo(token)).toBe(404);
  const later = await issuer.add('second').then(() => issuer.token({ exp: 4_000_000_000 }, { kid: 'second' }));
  await issuer.stop();
  pass(20_000);
  for (let n = 0; n < 3; n++) {
    const response = await status(UNKNOWN, later);
    expect([response.headers.get('retry-after'), response.headers.get('www-authenticate')]).toEqual(['5', null]);
    expect(await problemOf(response)).toMatchObject({ status: 503, error: 'AuthenticationUnavailableError' });
    expect(await answerTo(token)).toBe(404);
  }
  // Longer than the keys live when all is well.
  pass(3_600_000);
  expect(await answerTo(token)).toBe(404);
  expect(events('token_keys_unavailable')).toMatchObject([
    { level: 'warn', reason: expect.stringContaining('ECONNREFUSED') },
  ]);
  expect(log.filter(({ event }) => event === 'caller_refused')).toEqual([]);
  await issuer.start();
  pass(10_000);
  await waitUntil('the new key is known', async () => (await answerTo(later)) === 404);
  expect(events('token_keys_available')).toHaveLength(1);
});

test.each<[string, (response: ServerResponse) => void, RegExp]>([
  ['an error', (response) => response.writeHead(500).end('{"keys":[]}'), /the answer is 500/],
  ['elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /the answer is 302/],
  ['a page', (response) => response.end('<html>'), /no JSON Web Key Set/],
  ['something else', (response) => response.end('{"keys":{}}'), /no JSON Web Key Set/],
  ['nothing', () => undefined, /no answer within 5 s/],
])(
  '[M16] an issuer that answers %s is asked once in 5 s, however many tokens come',
  async (_, answer, reason) => {
    const issuer = await startIssuer();
    issuer.answer = answer;
    const { status, log } = await startGateway({ tokens: issuer.rules });
    const token = await issuer.token();
    const first = await Promise.all(Array.from({ length: 5 }, async () => status(UNKNOWN, token)));
    const then = await Promise.all(Array.from({ length: 5 }, async () => status(UNKNOWN, token)));
    expect(new Set([...first, ...then].map(({ status: code }) => code))).toEqual(new Set([503]));
    expect(issuer.asked).toBe(1);
    expect(log.filter(({ event }) => event === 'token_keys_unavailable')).toMatchObject([
      { reason: expect.stringMatching(reason) },
    ]);
    issuer.answer = null;
    pass(6_000);
    await waitUntil('the keys were read', async () => (await status(UNKNOWN, await issuer.token())).status === 404);
  },
  20_000,
);

test('[M16][M17] a key that the issuer takes out is good for 5 min at most, and nobody waits for the look', async () => {
  const { issuer, token, answerTo } = await start();
  expect(await answerTo(token)).toBe(404);
  issuer.remove('first');
  await issuer.add('second');
  pass(290_000);
  expect(await answerTo(token)).toBe(404);
  pass(20_000);
  await waitUntil('the key is gone', async () => (await answerTo(token)) === 401);
});

test('[M16] tokens that name keys that there are not have the set read again once in 10 s', async () => {
  const { issuer, token, answerTo } = await start();
  expect(await answerTo(token)).toBe(404);
  const strange = await issuer.token({}, { kid: 'strange' });
  for (let n = 0; n < 5; n++) expect(await answerTo(strange)).toBe(401);
  expect(issuer.asked).toBe(1);
  pass(11_000);
  for (let n = 0; n < 3; n++) expect(await answerTo(strange)).toBe(401);
  expect(issuer.asked).toBe(2);
});
