import { once } from 'node:events';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { answerIn, dial, readAll } from './raw-http.ts';
import { startGateway } from './running-gateway.ts';

const STATIC = ['/docs/static/', '/docs/', '/docs'];
const KNOWN = [...STATIC, '/openapi.json', '/healthz', '/api/external/status/', '/api/external/process', '/', '', '*'];
const UP = ['..', '.', '%2e%2e', '%2E.', '.%2e', '..%2f', '..%5c', '..\\', '%252e%252e', '%c0%ae%c0%ae', '..;', '...'];
const ODD = [
  '/',
  '//',
  '\\',
  '%2f',
  '%5c',
  '%00',
  '%',
  '%zz',
  '%ff',
  '~',
  '?',
  '#',
  ';',
  ':',
  '@',
  '%0a',
  '%0d%0a',
  '\x80',
  '\xff',
  '\t',
];
const NAMES = [
  'x',
  'index.html',
  'index.css',
  'etc/passwd',
  'package.json',
  '.git',
  'x'.repeat(300),
  'x/'.repeat(500),
  'http://internal:80/',
];

const path = fc
  .tuple(
    fc.constantFrom(...KNOWN),
    fc.array(fc.oneof(fc.constantFrom(...UP, ...ODD, ...NAMES), fc.string({ unit: 'binary-ascii', maxLength: 5 })), {
      maxLength: 6,
    }),
  )
  .map(([known, rest]) => known + rest.join(''));

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'),
  path,
  fields: fc.constantFrom(
    '',
    '',
    'Range: bytes=9-1\r\n',
    'If-Match: "x"\r\n',
    'If-None-Match: *\r\n',
    'Accept-Encoding: gzip, x\r\n',
  ),
});

test('[M16][M21] nobody without a key gets a 5xx out of any path, or a line of level error into the log', async () => {
  const { url, log } = await startGateway();
  const seen = new Map<number, string[]>();
  const ask = async ({
    method,
    path: asked,
    fields,
  }: {
    method: string;
    path: string;
    fields: string;
  }): Promise<void> => {
    const socket = await dial(url);
    socket.write(`${method} ${asked} HTTP/1.1\r\nHost: x\r\n${fields}Connection: close\r\n\r\n`, 'latin1');
    const { status } = answerIn(await readAll(socket));
    seen.set(status, [...(seen.get(status) ?? []), asked]);
  };
  const samples = fc.sample(request, { numRuns: 4_000, seed: 4 });
  const fixed = STATIC.flatMap((known) => UP.map((up) => ({ method: 'GET', path: `${known}${up}/x`, fields: '' })));
  const all = [...fixed, ...samples];
  for (let from = 0; from < all.length; from += 50) await Promise.all(all.slice(from, from + 50).map(ask));
  expect(new Set(seen.keys())).toEqual(new Set([200, 304, 400, 401, 404, 405]));
  expect(log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
});

test.each(['/docs/static/../x', '/docs/static/%2e%2e/x', '/docs/static/..%2fx', `/docs/static/${'x'.repeat(300)}`])(
  '[M16] %s is a 404',
  async (asked) => {
    const { url } = await startGateway();
    const socket = await dial(url);
    socket.write(`GET ${asked} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const { status, body } = answerIn(await readAll(socket));
    expect([status, JSON.parse(body)]).toMatchObject([404, { error: 'RouteNotFoundError' }]);
  },
);

test('[M16] whoever breaks off while a file comes leaves no line of level error', async () => {
  const { app, url, log } = await startGateway();
  for (let n = 0; n < 20; n++) {
    const socket = await dial(url);
    socket.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();
  }
  const isAllOver = async () => (await promisify(app.server.getConnections.bind(app.server))()) === 0;
  await vi.waitUntil(isAllOver, { timeout: 10_000 });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(log.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});
