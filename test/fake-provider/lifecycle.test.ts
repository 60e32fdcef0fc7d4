import { once } from 'node:events';
import { get } from 'node:https';
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startFakeProvider } from '../../src/fake-provider/index.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { Caller } from './caller.ts';

test('[M20] close ends idle and hanging connections at once', async () => {
  const caller = await Caller.start();
  caller.provider.script({ endpoint: '/process', fault: { kind: 'executed-hang' } });
  const hanging = caller.process({ data: 1 });
  const { port } = new URL(caller.provider.url);
  const idle = connect(Number(port), '127.0.0.1');
  idle.on('error', () => {});
  await once(idle, 'connect');
  while (!caller.lastEntry?.executed || caller.lastEntry.endpoint !== '/process') await caller.control('GET', 'health');

  const ended = Promise.all([once(idle, 'close'), expect(hanging).rejects.toThrow('fetch failed')]);
  await caller.provider.close();
  await ended;
  await expect(caller.token()).rejects.toThrow('fetch failed');
  await caller.provider.close();
});

test('[M20] a taken port and a wrong setting fail the start with a reason', async () => {
  await using first = await startFakeProvider();
  const { port } = new URL(first.url);
  await expect(startFakeProvider({ port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await expect(startFakeProvider({ settings: { rateLimit: -1 } })).rejects.toThrow(
    'settings.rateLimit: expected an integer from 0 to 1000000, got -1',
  );
});

test('[M20] two providers share nothing', async () => {
  await using first = await Caller.start();
  await using second = await Caller.start();
  const id = await first.submit();
  expect((await second.status(id)).status).toBe(404);
  expect((await second.process({ data: 1 }, first.headers)).status).toBe(401);
  expect(first.provider.ledger.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('[M18] with a key and a certificate it speaks HTTPS, and faults cut it too', async () => {
  const { key, cert } = createSelfSignedCertificate();
  await using provider = await startFakeProvider({ host: 'localhost', tls: { key, cert } });
  expect(provider.url).toMatch(/^https:\/\/localhost:\d+$/);
  const health = `${provider.url}/_control/health`;
  await expect(fetch(health)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  const [response] = (await once(get(health, { ca: cert, agent: false }), 'response')) as [NodeJS.ReadableStream];
  expect(await json(response)).toEqual({ status: 'ok' });

  provider.script({ endpoint: '/oauth/token', fault: { kind: 'reset-before-read' } });
  const cut = get(`${provider.url}/oauth/token`, { ca: cert, agent: false, method: 'POST' });
  const [error] = (await once(cut, 'error').catch((reason: unknown) => [reason])) as [{ code: string }];
  expect(error.code).toBe('ECONNRESET');
  expect(provider.ledger.at(-1)).toMatchObject({ fault: 'reset-before-read', statusCode: null });
});
