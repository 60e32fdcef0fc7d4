import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { SECURITY_HEADERS } from '../../src/gateway/security-headers.ts';
import { answerIn, dial, readAll } from './raw-http.ts';
import { ACME, OTHER, startGateway } from './running-gateway.ts';

const POST = `POST /api/external/process HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ACME}\r\nContent-Type: application/json\r\n`;
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

const REFUSED: [string, string, number][] = [
  ['what is no HTTP', 'HELO there\r\n\r\n', 400],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['an unknown method', 'GETT /healthz HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
  ['a length and chunks', `${POST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  ['a line feed in a field', 'GET /healthz HTTP/1.1\r\nHost: x\nX: y\r\n\r\n', 400],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a bad chunk', `${CHUNKED}5\r\n{"dat\r\nzz\r\n`, 400],
  ['chunk extensions without end', `${CHUNKED}1;${'x'.repeat(20_000)}\r\n`, 413],
  ['an expectation', `${POST}Expect: miracles\r\nContent-Length: 0\r\n\r\n`, 417],
  ['header fields over 16 KiB', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ['a tunnel', 'CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n', 405],
];

describe('what is refused before it is a request', () => {
  test.each(REFUSED)('[M19][M12] %s is a problem with the header fields of every answer', async (_, text, status) => {
    const { url, log, client } = await startGateway();
    const socket = await dial(url);
    socket.write(text, 'latin1');
    const { headers, body, ...answer } = answerIn(await readAll(socket));
    expect(answer.status).toBe(status);
    expect(headers).toMatchObject({ ...SECURITY_HEADERS, connection: 'close' });
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(body)).toMatchObject({ type: 'about:blank', status, error: expect.any(String) });
    expect(headers['allow']).toBe(status === 405 ? 'GET, HEAD, POST' : undefined);
    await vi.waitUntil(() => log.some((line) => line['status_code'] === status));
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(client.requests.size).toBe(0);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test.each([
    ['header fields', 'POST /api/external/process HTTP/1.1\r\nHost: x\r\n'],
    ['a first byte', ''],
    ['the first line', 'POST /api'],
    ['a body', `${POST}Content-Length: 100\r\n\r\n{"data":`],
    ['a chunk', `${CHUNKED}5\r\n{"dat\r\n`],
  ])('[M21] %s that do not come are a 408 when their time is over', async (_, text) => {
    const { url, app, client, log } = await startGateway();
    expect(app.server).toMatchObject({
      requestTimeout: 30_000,
      headersTimeout: 30_000,
      connectionsCheckingInterval: 1_000,
    });
    app.server.requestTimeout = 200;
    app.server.headersTimeout = 200;
    const socket = await dial(url);
    socket.write(text);
    const { status, headers, body } = answerIn(await readAll(socket));
    expect([status, headers['connection']]).toEqual([408, 'close']);
    expect(headers).toMatchObject(SECURITY_HEADERS);
    expect(JSON.parse(body)).toMatchObject({ status: 408, error: 'RequestTimeoutError' });
    await vi.waitUntil(() => log.some((line) => line['status_code'] === 408));
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(client.requests.size).toBe(0);
  });

  test('[M12] two keys are refused, whichever is good', async () => {
    const { url } = await startGateway();
    for (const keys of [
      [ACME, OTHER],
      [ACME, 'x'],
      ['x', ACME],
      [ACME, ACME],
    ]) {
      const socket = await dial(url);
      const fields = keys.map((key) => `Authorization: Bearer ${key}\r\n`).join('');
      socket.write(`GET /api/external/status/x HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
      const { status, body } = answerIn(await readAll(socket));
      expect([status, JSON.parse(body)]).toMatchObject([400, { error: 'BadRequestError' }]);
    }
  });
});

const BODY = '{"data":1}';
const WAITS = `${POST}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

describe('a connection that is closed on one side', () => {
  test('[M19] a caller that sends no more, and waits, has its answer', async () => {
    const { url, client } = await startGateway();
    const socket = await dial(url);
    socket.end(WAITS);
    await vi.waitUntil(() => client.waits.length === 1);
    // The first look at whether it still reads has come by.
    await once(socket, 'data');
    expect(client.waits[0]?.aborted).toBe(false);
    client.complete(client.lastId, 'HELLO');
    expect(await readAll(socket)).toMatch(/(^|100 Continue\r\n\r\n)HTTP\/1.1 200 OK\r\n[^]*"processed_data":"HELLO"/);
  });

  test('[M19][M12] a request that was answered before all of it came gets no second answer when the rest is bad', async () => {
    const { url } = await startGateway();
    const socket = await dial(url);
    socket.write(`${CHUNKED.replace(ACME, 'unknown')}5\r\n{"dat\r\n`);
    await once(socket, 'data');
    const rest = readAll(socket);
    socket.write('zz\r\n');
    expect(await rest).toBe('');
  });

  test('[M12] a body that ends too early is a 400', async () => {
    const { url, client } = await startGateway();
    const socket = await dial(url);
    socket.end(`${POST}Content-Length: 100\r\n\r\n{"data":`);
    expect(answerIn(await readAll(socket)).status).toBe(400);
    expect(client.requests.size).toBe(0);
  });

  test('[M19][M12] what is no request gets no answer while another is awaited, which would be taken for that', async () => {
    const { url, client } = await startGateway();
    const socket = await dial(url);
    socket.write(WAITS);
    await vi.waitUntil(() => client.waits.length === 1);
    socket.write('HELO there\r\n\r\n');
    expect(await readAll(socket)).toBe('');
    await vi.waitUntil(() => client.waits[0]?.aborted);
  });
});
