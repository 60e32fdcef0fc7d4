import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const provider = createSelfSignedCertificate();
const ours = createSelfSignedCertificate('worker.example');
const strangers = createSelfSignedCertificate('stranger.example');
const VERSIONS = ['TLSv1.3', 'TLSv1.2'] as const;

/** A provider that talks to those alone whose certificate is ours. */
function startAsking(tls: TlsOptions = {}, port = 0) {
  return startRawServer({
    port,
    tls: { ...provider, ca: ours.cert, requestCert: true, rejectUnauthorized: true, ...tls },
    onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }),
  });
}

describe('a provider that wants a client certificate', () => {
  test.each(VERSIONS)('[M18] gets it, and answers: %s', async (maxVersion) => {
    await using server = await startAsking({ maxVersion });
    await using client = clientFor(server.url, { tls: { ca: provider.cert, ...ours } });
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  });

  test('[M6] TLS 1.3, without one -> refused, retry, and the message says what to set', async () => {
    await using server = await startAsking({ minVersion: 'TLSv1.3' });
    await using client = clientFor(server.url, { tls: { ca: provider.cert } });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'certificateWanted', outcome: 'refused', retryable: true });
    expect(error.message).toBe(
      `Could not get a token: ${server.url} wants a client certificate: set EXTERNAL_API_CLIENT_CERT and ` +
        'EXTERNAL_API_CLIENT_KEY: ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    );
  });

  test('[M6] TLS 1.2, without one -> never-sent, retry, and the message says what it may be', async () => {
    await using server = await startAsking({ maxVersion: 'TLSv1.2' });
    await using client = clientFor(server.url, { tls: { ca: provider.cert } });
    const error = await failureOf(client.authenticate(CONTEXT));
    expect(error).toMatchObject({ failure: 'unreachable', outcome: 'never-sent', retryable: true });
    expect(error.message).toContain('it may want a client certificate (EXTERNAL_API_CLIENT_CERT)');
  });

  test('[N1] a submit that meets it was not read, and its outcome is not in doubt', async () => {
    const before = await startRawServer({ tls: provider });
    await using client = clientFor(before.url, { tls: { ca: provider.cert } });
    await client.authenticate(CONTEXT);
    await before.close();
    await using server = await startAsking({ minVersion: 'TLSv1.3' }, before.port);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toMatchObject({ failure: 'certificateWanted', outcome: 'refused', retryable: true });
    expect(client.records.at(-1)).toMatchObject({ operation: 'submit', outcome: 'refused' });
    expect(server.calls).toEqual([]);
  });
});

describe('certificates in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'client-certificate-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const files = { ca: join(folder, 'ca.pem'), cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const write = (contents: Partial<Record<keyof typeof files, string>>): void => {
    for (const [name, content] of Object.entries(contents)) writeFileSync(files[name as keyof typeof files], content);
  };

  test('[M17] are read again for a new connection, and taken when certificate and key fit', async () => {
    await using server = await startAsking();
    const { cert, key } = strangers;
    write({ ca: provider.cert, cert, key });
    await using client = clientFor(server.url, { tls: { ca: provider.cert, cert, key, files } });
    await failureOf(client.process(WORK, CONTEXT));
    // The half of a change, which is no reason to fail otherwise than before.
    write({ cert: ours.cert });
    expect((await failureOf(client.process(WORK, CONTEXT))).message).not.toContain('X509');
    write({ key: ours.key });
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
    expect(server.arrivals()).toHaveLength(1);
  });

  test('[M17] a file that is emptied, or gone, takes nothing away', async () => {
    await using server = await startAsking();
    write({ ca: provider.cert, ...ours });
    await using client = clientFor(server.url, { tls: { ca: provider.cert, ...ours, files } });
    write({ ca: '', cert: '' });
    rmSync(files.key);
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  });

  test('[M17][M18] the authority that is trusted is read again too', async () => {
    await using server = await startRawServer({ tls: provider });
    write({ ca: ours.cert });
    await using client = clientFor(server.url, { tls: { ca: ours.cert, files: { ca: files.ca } } });
    expect(await failureOf(client.authenticate(CONTEXT))).toMatchObject({ failure: 'badCertificate' });
    write({ ca: provider.cert });
    expect(await client.authenticate(CONTEXT)).toMatchObject({ generation: 1 });
  });
});
