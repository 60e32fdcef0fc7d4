import { once } from 'node:events';
import { createSecureServer, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { startRawServer } from '../helpers/raw-server.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const certificate = createSelfSignedCertificate();

test('[M6] a provider that speaks HTTP/2 only -> never-sent, retry, and the message says so', async () => {
  const server = createSecureServer({ ...certificate, allowHTTP1: false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  await using client = clientFor(url, { tls: { ca: certificate.cert } });
  const error = await failureOf(client.authenticate(CONTEXT));
  expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
  expect(error.message).toBe(
    `Could not get a token: ${url} does not speak HTTP/1.1, and nothing else is spoken here: it may take HTTP/2 only: ` +
      'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  );
  server.close();
});

test('[M6] one that speaks it without having agreed on it -> the message says so', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using client = clientFor(url);
  const error = await failureOf(client.authenticate(CONTEXT));
  expect(error.message).toBe(
    `Could not get a token: Unreadable reply from ${url}: it is HTTP/2, and only HTTP/1.1 is spoken here`,
  );
  expect(client.records).toMatchObject([{ operation: 'token', failure: 'unreadableReply' }]);
  server.close();
});

test('[M6][N1] a submit that is answered in HTTP/2 is in doubt, as any that is answered by what is no HTTP', async () => {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  await using server = await startRawServer({ onCall: (_call, _res, socket) => void socket.end(settings) });
  await using client = clientFor(server.url);
  const error = await failureOf(client.process(WORK, CONTEXT));
  expect(error).toMatchObject({ failure: 'unreadableReply', outcome: 'ambiguous' });
  expect(error.message).toContain('it is HTTP/2');
});
