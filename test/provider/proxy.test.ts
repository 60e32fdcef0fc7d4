import { describe, expect, test } from 'vitest';
import { freePort } from '#scripts/lib/ports.mjs';
import { startBlackHole } from '../helpers/black-hole.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const ACCEPTING = {
  onCall: (_call: unknown, res: Parameters<typeof reply>[0]) => reply(res, 202, { request_id: 'job-1' }),
};
const certificate = createSelfSignedCertificate();

/** The proxy's URL as configuration gives it: with what must never be seen. */
function withCredentials(url: string): URL {
  return Object.assign(new URL(url), { username: 'us%40er', password: 'canary%2Fpass' });
}

describe('through a proxy', () => {
  test.each([
    ['http', {}, {}],
    ['https', { tls: certificate }, {}],
    ['http through an https proxy', {}, { tls: certificate }],
    ['https through an https proxy', { tls: certificate }, { tls: certificate }],
  ])('[N8] every call to the provider goes by CONNECT, the token call too: %s', async (_what, provider, through) => {
    await using server = await startRawServer({ ...ACCEPTING, ...provider });
    await using proxy = await startConnectProxy(through);
    await using client = clientFor(`${server.url.replace('127.0.0.1', 'provider.example')}/v2`, {
      proxy: withCredentials(proxy.url),
      tls: { ca: certificate.cert },
    });
    for (let n = 0; n < 5; n++)
      expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
    const host = 'tls' in provider ? 'localhost' : 'provider.example';
    // One for the token call, which the server closed.
    expect(proxy.asked).toEqual([`${host}:${server.port}`, `${host}:${server.port}`]);
    expect(new Set(proxy.credentials)).toEqual(new Set([`Basic ${btoa('us@er:canary/pass')}`]));
    expect(proxy.plain).toEqual([]);
    expect(server.calls.map(({ path }) => path)).toEqual(['/v2/oauth/token', ...Array<string>(5).fill('/v2/process')]);
    expect(server.calls.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
  });

  test('[M10] calls use its connections again, and no more than are allowed', async () => {
    await using server = await startRawServer(ACCEPTING);
    await using proxy = await startConnectProxy();
    await using client = clientFor(server.url, { proxy: new URL(proxy.url), maxConnections: 3 });
    await Promise.all(Array.from({ length: 30 }, () => client.process(WORK, CONTEXT)));
    expect(proxy.asked).toHaveLength(1 + 3);
    expect(proxy.credentials[0]).toBeUndefined();
  });
});

test('[N8][M18] a client certificate is shown to the provider, and not to the proxy that asks for one', async () => {
  const ours = createSelfSignedCertificate('worker.example');
  const asking = { ...certificate, ca: ours.cert, requestCert: true };
  await using server = await startRawServer({ ...ACCEPTING, tls: { ...asking, rejectUnauthorized: true } });
  await using proxy = await startConnectProxy({ tls: { ...asking, rejectUnauthorized: false } });
  await using client = clientFor(server.url, { proxy: new URL(proxy.url), tls: { ca: certificate.cert, ...ours } });
  expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  expect(proxy.shown).toEqual([null, null]);
});

describe('a proxy that does not let a call through', () => {
  test.each([
    ['407 Proxy Authentication Required', 'check the user and the password in EXTERNAL_API_PROXY_URL'],
    ['403 Forbidden', 'have it allowed there'],
    ['502 Bad Gateway', 'its log should say why'],
  ])('[M6][N7] %s -> never-sent, retry, and the message says whom to ask', async (refusal, advice) => {
    await using server = await startRawServer(ACCEPTING);
    await using proxy = await startConnectProxy({ refuse: refusal });
    await using client = clientFor(server.url, { proxy: withCredentials(proxy.url) });
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
    expect(error.message).toBe(
      `Could not get a token: The proxy ${proxy.url} does not connect to 127.0.0.1:${server.port} ` +
        `(${refusal.slice(0, 3)}): ${advice}. Nothing was sent`,
    );
    expect(JSON.stringify([error, client.records])).not.toMatch(/canary|us%40er|secret/);
    expect(server.connections).toEqual([]);
    proxy.refuse = null;
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  });

  test('[M6] one that is not there -> never-sent, retry', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await using client = clientFor('https://provider.example', { proxy: withCredentials(url) });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
    expect(error.message).toBe(
      `Could not get a token: Could not connect to the proxy ${url} (ECONNREFUSED): check that it is up, and ` +
        'EXTERNAL_API_PROXY_URL. Nothing was sent',
    );
  });

  test('[M7] one that accepts nothing, or answers nothing -> the connect timeout, never-sent, retry', async () => {
    await using hole = await startBlackHole('127.0.0.2');
    await using mute = await startRawServer({ onConnection: () => true });
    for (const url of [`http://127.0.0.2:${hole.port}`, mute.url, mute.url.replace('http:', 'https:')]) {
      await using client = clientFor('http://provider.example', { proxy: new URL(url), connectTimeoutMs: 300 });
      const error = await failureOf(client.authenticate(CONTEXT));
      expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
      expect(error.message).toContain(`No answer within 0.3 s from the proxy ${url}: check that it is up`);
    }
  });

  test('[M6] one that speaks something else, or hangs up -> never-sent, retry', async () => {
    await using ssh = await startRawServer({
      onConnection: (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n') !== null,
    });
    await using rude = await startRawServer({ onConnection: (socket) => socket.destroy() !== null });
    for (const { url } of [ssh, rude]) {
      await using client = clientFor('http://provider.example', { proxy: new URL(url) });
      const error = await failureOf(client.authenticate(CONTEXT));
      expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
      expect(error.message).toContain(`Could not connect to the proxy ${url} (`);
    }
  });

  test('[M18][N8] whose certificate is not trusted gets no credentials', async () => {
    await using proxy = await startConnectProxy({ tls: certificate });
    await using client = clientFor('http://provider.example', { proxy: withCredentials(proxy.url) });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'badCertificate', outcome: 'never-sent', retryable: true });
    expect(error.message).toContain(`the proxy ${proxy.url} (DEPTH_ZERO_SELF_SIGNED_CERT)`);
    expect(proxy.asked).toEqual([]);
  });

  test('[M18] the certificate of the provider behind it is the provider’s', async () => {
    await using server = await startRawServer({ tls: certificate });
    await using proxy = await startConnectProxy();
    await using client = clientFor(server.url, { proxy: new URL(proxy.url) });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error.message).toBe(
      `Could not get a token: The certificate of ${server.url} was not accepted: DEPTH_ZERO_SELF_SIGNED_CERT`,
    );
  });
});
