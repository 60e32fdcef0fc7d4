import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { APITimeoutError } from '../../src/contract/errors.ts';
import { freePort } from '#scripts/lib/ports.mjs';
import { reply, startRawServer, type RawServerOptions } from '../helpers/raw-server.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { clientFor, CONTEXT, failureOf, until, WORK } from './client-under-test.ts';

describe('never sent', () => {
  test('[M6][N1] connection refused -> never-sent, ExternalAPIError, retry', async () => {
    const port = await freePort();
    await using client = clientFor(`http://127.0.0.1:${port}`);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true, statusCode: null });
    expect(error.message).toBe(`Could not get a token: Could not connect to http://127.0.0.1:${port}: ECONNREFUSED`);
    const reason = `Could not connect to http://127.0.0.1:${port}: ECONNREFUSED`;
    expect(client.records).toMatchObject([
      { operation: 'token', outcome: 'never-sent', failure: 'unreachable', reason },
    ]);
  });

  test('[M6][N1] a name that does not resolve -> never-sent, retry', async () => {
    await using client = clientFor('http://provider.invalid');
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent' });
    expect(error.message).toMatch(/^Could not get a token: Could not connect to http:\/\/provider\.invalid: E[A-Z_]+$/);
  });

  test('[M6][N1] no TLS behind the port -> never-sent, retry', async () => {
    await using server = await startRawServer();
    await using client = clientFor(`https://127.0.0.1:${server.port}`);
    expect(await failureOf(client.authenticate(CONTEXT))).toMatchObject({ failure: 'unreachable' });
    expect(server.calls).toEqual([]);
  });

  test('[M7][N1] a TLS handshake that never ends -> connect timeout, never-sent, retry', async () => {
    await using server = await startRawServer({ onConnection: () => true });
    await using client = clientFor(`https://127.0.0.1:${server.port}`, { connectTimeoutMs: 50, timeoutMs: 8_000 });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent' });
    expect(error.message).toMatch(/ within 0\.05 s, nothing was sent$/);
  });

  test('[M18][N8] a self-signed certificate -> never-sent, retry, no credential leaves', async () => {
    await using server = await startRawServer({ tls: createSelfSignedCertificate() });
    await using client = clientFor(server.url);
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'badCertificate', outcome: 'never-sent', retryable: true });
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(server.calls).toEqual([]);
  });

  test('[M18][N8] a trusted certificate for another host -> never-sent, retry', async () => {
    const certificate = createSelfSignedCertificate('elsewhere.example');
    await using server = await startRawServer({ tls: certificate });
    await using client = clientFor(server.url, { tls: { ca: certificate.cert } });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'badCertificate', outcome: 'never-sent' });
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(server.calls).toEqual([]);
  });

  test('[M18] a trusted certificate for the host is accepted', async () => {
    const certificate = createSelfSignedCertificate();
    await using server = await startRawServer({ tls: certificate });
    await using client = clientFor(server.url, { tls: { ca: certificate.cert } });
    expect(await client.authenticate(CONTEXT)).toMatchObject({ generation: 1 });
  });

  test("[M7][N1] S2: a connection that takes longer than a call's timeout costs the call nothing of it", async () => {
    const certificate = createSelfSignedCertificate();
    await using server = await startRawServer({
      tls: certificate,
      onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }),
    });
    // The handshake waits behind this server for longer than a call may take.
    await using slow = await startSlowConnections(server.port, 300);
    await using client = clientFor(`https://localhost:${slow.port}`, { timeoutMs: 200, tls: { ca: certificate.cert } });
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  });

  test('[M10][N1] a call given up while it waits for a socket is not sent, then or later', async () => {
    const held: (() => void)[] = [];
    await using server = await startRawServer({
      onCall: (_call, res) => void held.push(() => reply(res, 202, { request_id: 'job-1' })),
    });
    await using client = clientFor(server.url, { maxConnections: 1 });
    await client.authenticate(CONTEXT);
    const first = client.process({ ...WORK, data: 'first' }, CONTEXT);
    await until(() => held.length === 1);
    const abort = new AbortController();
    const second = client.process({ ...WORK, data: 'second' }, { ...CONTEXT, signal: abort.signal });
    second.catch(() => {});
    await until(() => client.pool.waiting === 1);
    expect(client.pool).toEqual({ open: 1, inUse: 1, waiting: 1 });
    const third = client.process({ ...WORK, data: 'third' }, CONTEXT);
    abort.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    held[0]?.();
    await first;
    await until(() => held.length === 2);
    held[1]?.();
    await third;
    expect(server.arrivals().map((call) => (JSON.parse(call.body) as { data: string }).data)).toEqual([
      'first',
      'third',
    ]);
    // The dead call did not cost the connection.
    expect(server.connections).toHaveLength(1 + 1);
  });
});

/** Passes bytes on to a local port, after a while. */
async function startSlowConnections(target: number, delayMs: number) {
  const proxy = createServer((socket) => {
    setTimeout(() => void socket.pipe(connect(target, '127.0.0.1')).pipe(socket), delayMs);
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { port: (proxy.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void proxy.close() };
}

describe('ambiguous', () => {
  const broken: [title: string, server: RawServerOptions, expected: object][] = [
    [
      'reset after reading -> connectionLost',
      { onCall: (_call, _res, socket) => void socket.resetAndDestroy() },
      {
        failure: 'connectionLost',
        type: 'ExternalAPIError',
        statusCode: null,
        message: expect.stringContaining('ECONNRESET'),
      },
    ],
    [
      'end of stream before the headers -> connectionLost',
      { onCall: (_call, _res, socket) => void socket.end() },
      { failure: 'connectionLost', type: 'ExternalAPIError', statusCode: null },
    ],
    [
      'half of the headers -> connectionLost',
      { onCall: (_call, _res, socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-ty') },
      { failure: 'connectionLost', type: 'ExternalAPIError', statusCode: null },
    ],
    [
      'not HTTP -> unreadableReply',
      { onCall: (_call, _res, socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n') },
      { failure: 'unreadableReply', type: 'ExternalAPIError', statusCode: null },
    ],
    [
      'a body cut off by the end of the stream -> unreadableReply',
      { onCall: (_call, _res, socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"req') },
      { failure: 'unreadableReply', type: 'ExternalAPIError', statusCode: 200 },
    ],
    [
      'a chunked body cut off by a reset -> unreadableReply',
      {
        onCall: (_call, _res, socket) => {
          socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"req\r\n', () =>
            setImmediate(() => socket.resetAndDestroy()),
          );
        },
      },
      // When the reset overtakes the bytes, nothing of the answer was seen.
      { failure: expect.stringMatching(/^(unreadableReply|connectionLost)$/), type: 'ExternalAPIError' },
    ],
    [
      'no answer -> noAnswer, APITimeoutError',
      { onCall: () => {} },
      {
        failure: 'noAnswer',
        type: 'APITimeoutError',
        statusCode: null,
        message: expect.stringContaining('within 0.3 s'),
      },
    ],
    [
      'a body that stops -> noAnswer, APITimeoutError',
      { onCall: (_call, _res, socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"req') },
      { failure: 'noAnswer', type: 'APITimeoutError', statusCode: 200 },
    ],
  ];
  test.each(broken)('[M6][N1] %s, sent once', async (_title, serverOptions, expected) => {
    await using server = await startRawServer(serverOptions);
    await using client = clientFor(server.url, { timeoutMs: 300 });
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ outcome: 'ambiguous', retryable: true, ...expected });
    expect(server.arrivals()).toHaveLength(1);
    expect(client.records.slice(1)).toMatchObject([{ operation: 'submit', outcome: 'ambiguous' }]);
  });

  test('[M6][N1] reset before reading -> connectionLost, for bytes may have been read', async () => {
    const sockets: Socket[] = [];
    await using server = await startRawServer({
      onConnection: (socket, n) => n > 1 && sockets.push(socket) > 0,
    });
    await using client = clientFor(server.url);
    const failed = failureOf(client.process(WORK, CONTEXT));
    await until(() => sockets.length === 1 && client.pool.inUse === 1);
    sockets[0]?.resetAndDestroy();
    expect(await failed).toMatchObject({ failure: 'connectionLost', outcome: 'ambiguous' });
    expect(server.connections).toHaveLength(2);
  });

  test('[M7] the timeout covers the whole call, however the bytes trickle', async () => {
    await using server = await startRawServer({
      onCall: (_call, _res, socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n');
        const timer = setInterval(() => socket.write(' '), 20);
        socket.on('close', () => clearInterval(timer));
      },
    });
    await using client = clientFor(server.url, { timeoutMs: 300 });
    expect(await failureOf(client.process(WORK, CONTEXT))).toBeInstanceOf(APITimeoutError);
  });
});

describe('kept-alive connections', () => {
  test('[M10] calls one after the other share connections', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url);
    for (let n = 0; n < 20; n++) await client.process(WORK, CONTEXT);
    // One for the token call, which the server closed; a connection is free again one turn after its answer.
    expect(server.connections.length).toBeLessThanOrEqual(1 + 2);
    expect(client.pool).toEqual({ open: server.connections.length - 1, inUse: 0, waiting: 0 });
  });

  test('[M10] never more connections than allowed', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url, { maxConnections: 3 });
    await Promise.all(Array.from({ length: 60 }, () => client.process(WORK, CONTEXT)));
    expect(server.connections).toHaveLength(1 + 3);
    expect(server.arrivals()).toHaveLength(60);
  });

  test('[M10][N1] a connection that the server closed while idle is replaced before anything is sent', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url);
    for (let n = 1; n <= 20; n++) {
      await client.process(WORK, CONTEXT);
      // Closed in the kernel now; the client hears of it only when it looks.
      server.connections.at(-1)?.destroy();
    }
    expect(server.arrivals()).toHaveLength(20);
  });

  test.each(['GET', 'POST'])('[C2][N1] a %s lost on a used connection is not sent again', async (method) => {
    let broken = false;
    await using server = await startRawServer({
      onCall: (_call, res, socket) => {
        if (broken) socket.destroy();
        else reply(res, 200, { request_id: 'job-1', status: 'running' });
      },
    });
    await using client = clientFor(server.url);
    const call = () => (method === 'GET' ? client.status('job-1', CONTEXT) : client.process(WORK, CONTEXT));
    await call();
    broken = true;
    expect(await failureOf(call())).toMatchObject({ failure: 'connectionLost', outcome: 'ambiguous' });
    expect(server.arrivals()).toHaveLength(2);
  });
});
