import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { reply, startRawServer, type ArrivedCall } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, CREDENTIALS, failureOf, until, WORK } from './client-under-test.ts';

const bearerOf = (call: ArrivedCall): string | undefined => call.headers.authorization;

describe('the token call', () => {
  test('[M2] sends the client credentials in the form, as the contract says', async () => {
    await using server = await startRawServer();
    const clientSecret = 'p+q/r%s:t ü€';
    await using client = clientFor(server.url, { credentials: { ...CREDENTIALS, clientId: 'id:1', clientSecret } });
    expect(await client.authenticate(CONTEXT)).toEqual({ generation: 1, expiresAt: expect.any(Date) });
    const [call] = server.calls;
    expect(call?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(call?.headers.authorization).toBeUndefined();
    expect(call?.headers['x-api-key']).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'id:1',
      client_secret: clientSecret,
    });
  });

  test('[M2] or in a Basic header, each part form-encoded first (RFC 6749, section 2.3.1)', async () => {
    await using server = await startRawServer();
    const clientSecret = 'p+q/r%s:t ü€';
    await using client = clientFor(server.url, {
      credentials: { ...CREDENTIALS, clientId: 'id:1', clientSecret },
      clientAuth: 'basic',
    });
    await client.authenticate(CONTEXT);
    const [call] = server.calls;
    const [id, secret, ...rest] = atob(call?.headers.authorization?.slice('Basic '.length) ?? '').split(':');
    const decode = (part = ''): string => decodeURIComponent(part.replaceAll('+', ' '));
    expect([decode(id), decode(secret), rest]).toEqual(['id:1', clientSecret, []]);
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({ grant_type: 'client_credentials' });
  });

  test.each([
    ['no token_type', { access_token: 'abc', expires_in: 60 }],
    [
      'a lower-case one, and members that OAuth would refuse',
      { access_token: 'abc', token_type: 'bearer', scope: 7, expires_in: '60' },
    ],
    ['a life that is no number', { access_token: 'abc', expires_in: 'long' }],
  ])('[M2][N10] a reply with %s is taken as a Bearer token', async (_title, token) => {
    await using server = await startRawServer({
      onToken: (_call, res) => reply(res, 200, token, { 'content-type': 'text/plain' }),
      onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    await client.process(WORK, CONTEXT);
    expect(server.arrivals().map(bearerOf)).toEqual(['Bearer abc']);
    expect(client.generations).toEqual([1]);
  });

  const refusals: [statusCode: number, body: unknown, headers: Record<string, string>, expected: object][] = [
    [
      401,
      { error: 'invalid_client', error_description: 'who?' },
      {},
      {
        failure: 'invalidClient',
        retryable: false,
        message: 'Could not get a token: Unauthorized: invalid_client (who?)',
      },
    ],
    [
      401,
      {},
      { 'www-authenticate': 'Basic realm="x"' },
      { failure: 'tokenRefused', retryable: true, message: 'Could not get a token: Unauthorized' },
    ],
    [400, { error: 'unauthorized_client' }, {}, { failure: 'invalidClient' }],
    [400, { error: 'invalid_grant' }, {}, { failure: 'invalidClient' }],
    [404, '<html>', {}, { failure: 'misdirected' }],
    [408, '<html>', {}, { failure: 'cutShort' }],
    [400, { error: 'invalid_client' }, { 'retry-after': '4' }, { failure: 'askedToWait', retryAfter: 4 }],
    [429, {}, { 'retry-after': '4' }, { failure: 'rateLimited', retryAfter: 4 }],
    [503, {}, { 'retry-after': '4' }, { failure: 'unavailableUntil', retryAfter: 4 }],
    [500, {}, {}, { failure: 'serverError', outcome: 'ambiguous' }],
    [
      200,
      { error: 'invalid_client', error_description: 'who?' },
      {},
      { failure: 'invalidClient', message: 'Could not get a token: invalid_client (who?)' },
    ],
    [200, { token: 'abc' }, {}, { failure: 'unreadableReply' }],
    [200, { access_token: 'a\r\nb' }, {}, { failure: 'unreadableReply' }],
    [200, { access_token: 'abc', token_type: 'mac' }, {}, { failure: 'unreadableReply' }],
  ];
  test.each(refusals)('[M2][M6] %i %j %j -> %j', async (statusCode, body, headers, expected) => {
    await using server = await startRawServer({ onToken: (_call, res) => reply(res, statusCode, body, headers) });
    await using client = clientFor(server.url);
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ statusCode, requestId: null, ...expected });
    // Credentials that are not accepted are tried once more.
    const record = { operation: 'token', statusCode, failure: error.failure };
    expect(client.records).toMatchObject(error.failure === 'invalidClient' ? [record, record] : [record]);
  });

  test('[M2][M6] a secret that is not accepted is read again from its file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'secret-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const clientSecretFile = join(folder, 'secret');
    const sent = (call: ArrivedCall) => new URLSearchParams(call.body).get('client_secret');
    await using server = await startRawServer({
      onToken: (call, res) =>
        sent(call) === 'new secret'
          ? reply(res, 200, { access_token: 't1' })
          : reply(res, 401, { error: 'invalid_client' }),
    });
    const credentials = { ...CREDENTIALS, clientId: 'a client', clientSecret: 'old secret' };
    await using client = clientFor(server.url, { credentials, clientSecretFile });
    // Not there, and then being written.
    expect(await failureOf(client.authenticate(CONTEXT))).toMatchObject({ failure: 'invalidClient' });
    await writeFile(clientSecretFile, '');
    expect(await failureOf(client.authenticate(CONTEXT))).toMatchObject({ failure: 'invalidClient' });
    await writeFile(clientSecretFile, 'new secret\n');
    expect(await client.authenticate(CONTEXT)).toMatchObject({ generation: 1 });
    expect(server.calls.map(sent)).toEqual([...Array.from({ length: 5 }, () => 'old secret'), 'new secret']);
  });

  test('[N7] a refusal that echoes the form shows no secret, encoded or not', async () => {
    const clientSecret = 'canary/+ !secret';
    await using server = await startRawServer({
      onToken: ({ body, headers }, res) =>
        reply(res, 400, { error: `bad: ${body} ${clientSecret} ${headers.authorization ?? ''}` }),
    });
    for (const clientAuth of ['body', 'basic'] as const) {
      await using client = clientFor(server.url, {
        credentials: { ...CREDENTIALS, clientId: 'id', clientSecret },
        clientAuth,
      });
      const error = await failureOf(client.authenticate(CONTEXT));
      const basic = server.calls.at(-1)?.headers.authorization?.slice('Basic '.length);
      expect(error.message).toMatch(/^Could not get a token: Bad Request: bad: .*\[redacted\]/);
      for (const secret of ['canary', basic ?? 'canary']) expect(error.message).not.toContain(secret);
    }
  });
});

describe('without a token', () => {
  test('[N1][M6] an ambiguous token call leaves the process call never-sent', async () => {
    await using server = await startRawServer({ onToken: (_call, _res) => reply(_res, 500, { error: 'oops' }) });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true, statusCode: 500 });
    expect(error.message).toBe('Could not get a token: Internal Server Error: oops');
    expect(server.arrivals()).toEqual([]);
    expect(client.records).toMatchObject([{ operation: 'token', failure: 'serverError', outcome: 'ambiguous' }]);
  });

  test('[N1][M5] also when it was to replace the token of a 401, which did nothing', async () => {
    await using server = await startRawServer({
      onToken: (_call, res, n) => (n === 1 ? reply(res, 200, { access_token: 't1' }) : res.destroy()),
      onCall: (_call, res) => reply(res, 401, {}),
    });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await using client = clientFor(server.url);
    await client.authenticate(CONTEXT);
    vi.setSystemTime(Date.now() + 10_000);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent' });
    expect(server.arrivals()).toHaveLength(1);
  });

  test('[M6] refused credentials end the request', async () => {
    await using server = await startRawServer({
      onToken: (_call, res) => reply(res, 401, { error: 'invalid_client' }),
    });
    await using client = clientFor(server.url);
    expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({
      failure: 'invalidClient',
      retryable: false,
    });
  });

  test('[N7] no error, record or reason carries a credential', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 500, {}) });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, CONTEXT));
    await until(() => client.records.length === 2);
    const shown = JSON.stringify([error, error.message, error.stack, client.records]);
    for (const secret of [CREDENTIALS.apiKey, CREDENTIALS.clientSecret, 'token-1']) expect(shown).not.toContain(secret);
  });
});
