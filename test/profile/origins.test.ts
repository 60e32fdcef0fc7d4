import { expect, test } from 'vitest';
import { isProviderRequestId } from '../../src/contract/names.ts';
import { buildCall } from '../../src/profile/build-call.ts';
import { ownPath, resultTarget } from '../../src/profile/origins.ts';
import { readReply } from '../../src/profile/read-reply.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { callFacts, profileWith, readFacts } from './facts.ts';

const BY_LOCATION = profileWith('', { poll: 'GET {+location}', reply: 'location: $response.header.location' });
const BASE = new URL('https://api.example.com/v1');
const GATEWAY = new URL('https://gateway.example/provider/');

/** What is kept of a URL that a reply has; it is asked with our credentials. */
const OWN: [url: string, path: string][] = [
  ['https://api.example.com/v1/jobs/1', '/v1/jobs/1'],
  ['https://api.example.com/v2/jobs/1?x=%2F&y', '/v2/jobs/1?x=%2F&y'],
  ['https://API.Example.COM/v1/jobs/1', '/v1/jobs/1'],
  ['HTTPS://api.example.com/v1/jobs/1', '/v1/jobs/1'],
  ['https://api.example.com:443/v1/jobs/1', '/v1/jobs/1'],
  ['https://api%2eexample.com/v1/jobs/1', '/v1/jobs/1'],
  ['https://api.example.com', '/'],
  ['/v1/jobs/1', '/v1/jobs/1'],
  ['/', '/'],
  ['/v1/../jobs/1', '/jobs/1'],
  ['/v1/%2e%2e/jobs/1', '/jobs/1'],
  ['/v1/jobs/1?in=/a/../b&as=https://x/.', '/v1/jobs/1?in=/a/../b&as=https://x/.'],
  ['/v1/https://evil.example/', '/v1/https://evil.example/'],
  ['/@evil.example/', '/@evil.example/'],
];

test.each(OWN)('[N8][N13] the URL %s is the provider’s own', (url, path) => {
  expect(ownPath(BY_LOCATION, BASE, url)).toEqual({ path });
  // What is taken is also asked for.
  expect(isProviderRequestId(path)).toBe(true);
  const { url: asked, credentials } = buildCall(BY_LOCATION, 'poll', callFacts(BY_LOCATION, { handle: url }));
  expect([asked.href, credentials]).toEqual([`https://api.example.com${path}`, true]);
});

/** Every other form of a URL. */
const FOREIGN = [
  'https://evil.example/v1/jobs/1',
  'https://api.example.com.evil.example/',
  'https://evilapi.example.com/',
  'https://api.example.com./v1/jobs/1',
  'https://sub.api.example.com/',
  'https://example.com/',
  'http://api.example.com/v1/jobs/1',
  'https://api.example.com:8443/',
  'https://api.example.com:80/',
  'https://user@api.example.com/',
  'https://user:password@api.example.com/',
  'https://:@api.example.com/',
  'https://api.example.com@evil.example/',
  'https://api.example.com%40evil.example/',
  'https://evil.example/@api.example.com/',
  'https://evil.example\\@api.example.com/',
  'https:\\\\evil.example/',
  'https:evil.example/',
  'https:/evil.example/',
  'https:///evil.example/',
  '//evil.example/',
  '///evil.example/',
  '/\\evil.example/',
  '\\\\evil.example/',
  '\\/evil.example/',
  '/v1\\..\\jobs',
  '/v1/..//evil.example/',
  'https://api.example.com//evil.example/',
  '/\t/evil.example/',
  '\t//evil.example/',
  ' https://api.example.com/',
  'https://api.example.com/ ',
  'ht\ntps://api.example.com/',
  'https://api.example.com/\r\nX-Evil: 1',
  'https://api.example.com/a b',
  'https://api.example.com/ü',
  'https://аpi.example.com/', // A Cyrillic a.
  'https://api。example.com/',
  'https://api.example.com/v1/jobs/1#part',
  '/v1/jobs/1#',
  'jobs/1',
  '../jobs/1',
  '?x=1',
  '#',
  '',
  'blob:https://api.example.com/1',
  'view-source:https://api.example.com/1',
  'data:text/plain,x',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'ftp://api.example.com/',
  'wss://api.example.com/',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://169.254.169.254/latest/meta-data/',
  'https://localhost/',
  'https://',
  'https://api.example.com:99999/',
  'https://[api.example.com]/',
  `/${'x'.repeat(1_000)}`,
];

test.each(FOREIGN)('[N8][N13] the URL %j gets no call, neither when it is received nor when it is used', (url) => {
  expect(ownPath(BY_LOCATION, BASE, url)).toHaveProperty('problem');
  expect(() => buildCall(BY_LOCATION, 'poll', callFacts(BY_LOCATION, { handle: url }))).toThrow('the URL of the work ');
  const reply = { status: 201, headers: { location: url }, body: '' };
  expect(readReply(BY_LOCATION, 'submit', reply, readFacts(BY_LOCATION)).phase).toBe('unreadable');
});

test('[N8][N13] a foreign URL is told by its origin, without what could be secret in it', () => {
  const reply = { status: 201, headers: { location: 'https://evil.example/path?signature=secret' }, body: '' };
  expect(readReply(BY_LOCATION, 'submit', reply, readFacts(BY_LOCATION)).why).toBe(
    'the URL at $response.header.location leads to https://evil.example, and only https://api.example.com gets credentials',
  );
});

test('[N13] work that failed has failed, wherever its URL leads', () => {
  const reply = { status: 201, headers: { location: 'https://evil.example/' }, body: '{"status":"failed"}' };
  expect(readReply(BY_LOCATION, 'submit', reply, readFacts(BY_LOCATION))).toMatchObject({
    phase: 'failed',
    handle: null,
  });
});

test('[N7][N13] why a reply is unreadable is fit to be shown', () => {
  const reply = { status: 201, headers: { location: `https://${'x'.repeat(5_000)}/` }, body: '' };
  const { why } = readReply(
    BY_LOCATION,
    'submit',
    reply,
    readFacts(BY_LOCATION, { clean: (text) => text.slice(0, 500) }),
  );
  expect(why).toHaveLength(500);
});

test.each([
  ['https://api.example.com/v1/jobs/1?x', '/provider/jobs/1?x'],
  ['https://gateway.example/provider/jobs/1', '/provider/jobs/1'],
  ['https://gateway.example/elsewhere', '/elsewhere'],
  ['/provider/jobs/1', '/provider/jobs/1'],
])('[N8][N13] behind a gateway %s is asked for as %s', (url, path) => {
  expect(ownPath(BY_LOCATION, GATEWAY, url)).toEqual({ path });
});

test('[N8][N13] behind a gateway without a path no path becomes an origin', () => {
  const problem = { problem: expect.stringContaining('leads to https://api.example.com') as string };
  expect(ownPath(BY_LOCATION, new URL('https://gateway.example'), 'https://api.example.com/v1//evil.example/')).toEqual(
    problem,
  );
});

test.each([
  'https://api.example.com/v10/jobs/1',
  'https://api.example.com/jobs/1',
  'https://api.example.com/v1',
  'https://api.example.com/v1/../jobs',
  'http://api.example.com/v1/jobs/1',
])('[N8][N13] behind a gateway nothing is known of %s', (url) => {
  expect(ownPath(BY_LOCATION, GATEWAY, url)).toHaveProperty('problem');
});

const WITH_ORIGINS = profileWith(
  'result: { call: "GET {+url}", vars: { url: /url }, origins: ["https://files.example.com", "https://*.cdn.example.net"] }',
);
const resultCall = (url: string) =>
  buildCall(WITH_ORIGINS, 'result', callFacts(WITH_ORIGINS, { handle: '1', fetch: { url } }));

test.each([
  ['https://files.example.com/1?signature=s', false],
  ['https://FILES.example.com:443/1', false],
  ['https://a.cdn.example.net/1', false],
  ['https://a.b.cdn.example.net/1', false],
  ['https://a.cdn.example.net//1', false],
  ['https://api.example.com/v1/results/1', true],
  ['/v1/results/1', true],
])('[N8][N13] a result is fetched from %s, with credentials: %s', (url, credentials) => {
  const call = resultCall(url);
  const names = call.headers.map(([name]) => name);
  expect([call.credentials, names.includes('authorization')]).toEqual([credentials, credentials]);
  if (!credentials) expect(names).toEqual(['accept']);
});

/** What no entry of `origins` lets through. */
const NO_RESULT = [
  'https://cdn.example.net/1',
  'https://evilcdn.example.net/1',
  'https://a.cdn.example.net.evil.example/1',
  'https://a.cdn.example.net./1',
  'https://a.cdn.example.net:8443/1',
  'http://a.cdn.example.net/1',
  'http://files.example.com/1',
  'https://user@files.example.com/1',
  'https://files.example.com:444/1',
  'https://sub.files.example.com/1',
  'https://10.0.0.1/1',
  'https://[::1]/1',
  'https://metadata.google.internal/1',
  'https://files.example.com#@api.example.com/',
  '//files.example.com/1',
  'https:files.example.com/1',
];

test.each(NO_RESULT)(
  '[N8][N13] no result is fetched from %j, neither when it is received nor when it is used',
  (url) => {
    expect(resultTarget(WITH_ORIGINS, BASE, url)).toHaveProperty('problem');
    expect(() => resultCall(url)).toThrow('the URL of the result ');
    const body = JSON.stringify({ status: 'done', url });
    const reading = readReply(WITH_ORIGINS, 'poll', { status: 200, headers: {}, body }, readFacts(WITH_ORIGINS));
    expect([reading.phase, reading.fetch]).toEqual(['unreadable', null]);
  },
);

test.each([
  'http://files.example.com',
  'https://files.example.com/',
  'https://files.example.com/path',
  'https://files.example.com:443',
  'https://user@files.example.com',
  'https://*',
  'https://*.com',
  'https://a.*.example.com',
  'https://*.*.example.com',
  'https://files',
  'https://localhost',
  'https://127.0.0.1',
  'https://*.0.0.1',
  'https://0x7f.0x0.0x0.0x1',
  'https://[::1]',
  'https://files..example.com',
  'https://Files.example.com',
  'files.example.com',
  '*',
])('[N8][N13] %j is no entry of origins', (origin) => {
  const result = `result: { call: "GET {+url}", vars: { url: /url }, origins: ["${origin}"] }`;
  expect(() => profileWith(result)).toThrow(
    /result\.origins\.0 must be an https origin with a name of two parts or more/,
  );
});

test.each([
  'http://api.example.com',
  'https://user@api.example.com',
  'https://api.example.com?x',
  'https://api.example.com#x',
  'https://',
  'api.example.com',
  'https:\\\\api.example.com',
  'https://a b',
])('[N8][N13] %j is no base URL', (baseUrl) => {
  const shipped = `name: x\nbaseUrl: '${baseUrl}'\nreply: { id: /id, phase: [{ at: /s, completed: x }], result: '' }\nsubmit: { call: POST / }\npoll: { call: 'GET /{id}' }`;
  expect(() => profileOf(shipped, 'x.yaml')).toThrow('baseUrl must be an https URL without user, query and fragment');
});
