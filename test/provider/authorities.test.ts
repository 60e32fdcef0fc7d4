import { expect, test, vi } from 'vitest';
import { loadProfile } from '../../src/profile/load-profile.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { startElsewhere } from '../providers/elsewhere.ts';
import { clientFor, CONTEXT } from './client-under-test.ts';

/** The public authorities, as far as this file knows. */
const PUBLIC: string[] = vi.hoisted(() => []);
vi.mock('node:tls', async (original) => ({ ...(await original<object>()), rootCertificates: PUBLIC }));

test('[N13][N8] public authorities vouch for where a result is, also when the provider has an authority of its own', async () => {
  await using elsewhere = await startElsewhere('storage.googleapis.com');
  await using server = await startRawServer({
    onCall: (_call, res) =>
      reply(res, 200, { data: { node: { status: 'COMPLETED', url: 'https://storage.googleapis.com/1.jsonl' } } }),
  });
  elsewhere.answer = { body: '{}' };
  await using client = clientFor(server.url, {
    profile: loadProfile('shopify-bulk'),
    credentials: { token: 'key' },
    proxy: new URL(elsewhere.proxy.url),
    tls: { ca: createSelfSignedCertificate('provider.example').cert },
  });
  await expect(client.status('gid://1', CONTEXT)).rejects.toMatchObject({ failure: 'badCertificate' });
  PUBLIC.push(elsewhere.certificate);
  expect(await client.status('gid://1', CONTEXT)).toMatchObject({ result: { processedData: '{}' } });
});
