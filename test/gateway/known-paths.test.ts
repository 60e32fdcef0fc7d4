import { METHODS, request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { ACME, problemOf, startGateway } from './running-gateway.ts';

interface Answer {
  status: number;
  allow: string | undefined;
  type: string | undefined;
}

/** By node:http, which sends every method, a body with each, and the path as it is. */
function call(url: string, method: string, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${ACME}`, 'content-length': '2' };
    const sent = httpRequest(url, { method, path, headers }, (response) => {
      const { allow, 'content-type': type } = response.headers;
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, allow, type }));
    });
    sent.on('error', reject).end('{}');
  });
}

const OF_PATHS: [string, string][] = [
  ['/healthz', 'GET, HEAD'],
  ['/readyz', 'GET, HEAD'],
  ['/openapi.json', 'GET, HEAD'],
  ['/docs/', 'GET, HEAD'],
  ['/docs/static/index.css', 'GET, HEAD'],
  ['/api/external/process', 'POST'],
  ['/api/external/process?x=/healthz', 'POST'],
  [`/api/external/status/req_${'0'.repeat(26)}`, 'GET, HEAD'],
  ['/api/external/resolve/x', 'POST'],
  ['/api/external/cache/invalidate', 'POST'],
];

test.each(OF_PATHS)('[M19] on %s every other method is a 405 with Allow: %s', async (path, allow) => {
  const { url } = await startGateway();
  const others = METHODS.filter((method) => method !== 'CONNECT' && !allow.split(', ').includes(method));
  expect(others).toContain('QUERY');
  const answers = await Promise.all(others.map(async (method) => ({ method, ...(await call(url, method, path)) })));
  const type = 'application/problem+json; charset=utf-8';
  expect(answers).toEqual(others.map((method) => ({ method, status: 405, allow, type })));
});

test('[M19] a question about the server as a whole is a 405 with all methods that there are', async () => {
  const { url } = await startGateway();
  expect(await call(url, 'OPTIONS', '*')).toMatchObject({ status: 405, allow: 'GET, HEAD, POST' });
});

test('[M19][M12] where nothing is, any method is a 404, whatever body comes with it', async () => {
  const { url } = await startGateway();
  for (const path of ['/nowhere', '/', '/healthz/', '/api/external/process/', '/api/external/status/a/b']) {
    const answers = await Promise.all(
      METHODS.filter((method) => method !== 'CONNECT').map((method) => call(url, method, path)),
    );
    expect(new Set(answers.map(({ status, allow }) => `${status} ${allow}`))).toEqual(new Set(['404 undefined']));
  }
});

test('[M19] an absolute URL is the path in it, and a broken one a 400 with the headers of every answer', async () => {
  const { url } = await startGateway();
  expect(await call(url, 'POST', `${url}/healthz`)).toMatchObject({ status: 405, allow: 'GET, HEAD' });
  const broken = await fetch(`${url}/api/external/status/%zz`);
  expect(broken.headers.get('x-content-type-options')).toBe('nosniff');
  expect(await problemOf(broken)).toMatchObject({ status: 400, error: 'BadRequestError' });
});
