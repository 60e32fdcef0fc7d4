import { Agent, setGlobalDispatcher, getGlobalDispatcher, ProxyAgent } from 'undici';
import { Webhook } from 'standardwebhooks';
import { expect, onTestFinished, test } from 'vitest';
import { sendDelivery, type Sent } from '../../src/deliveries/send-delivery.ts';
import { Targets, type TargetsOptions } from '../../src/deliveries/targets.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { startReceiver, type Receiver, type ReceiverOptions } from '../helpers/receiver.ts';
import { deliveryTo, HERE, SECRET } from './delivery-under-test.ts';

async function receive(options?: ReceiverOptions): Promise<Receiver> {
  const receiver = await startReceiver(options);
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  return receiver;
}

function sender(options: Partial<TargetsOptions> = {}) {
  const targets = new Targets({ rules: HERE, ...options });
  onTestFinished(() => targets.close());
  return (url: string, secrets = [SECRET]): Promise<Sent> =>
    sendDelivery(deliveryTo(url), { rules: HERE, targets, secrets, now: Date.now });
}

test('[N16] one POST, as Standard Webhooks has it: verified by its own library, with each secret', async () => {
  const receiver = await receive();
  const other = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
  expect(await sender()(`${receiver.url}?a=%20b`, [SECRET, other])).toEqual({ outcome: 'delivered', statusCode: 204 });
  const [{ method, path, headers, body } = expect.fail()] = receiver.arrived;
  expect({ method, path }).toEqual({ method: 'POST', path: '/hook?a=%20b' });
  for (const secret of [SECRET, other]) {
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({
      type: 'request.completed',
      timestamp: '2026-12-01T12:00:00.000Z',
      data: expect.objectContaining({ status: 'completed' }),
    });
  }
  const foreign = new Webhook(`whsec_${Buffer.alloc(32, 2).toString('base64')}`);
  expect(() => foreign.verify(body, headers as Record<string, string>)).toThrow(/No matching signature/);
});

test('[N16] the body and the id are the same for every attempt, and the time is of the attempt', async () => {
  const receiver = await receive();
  const targets = new Targets({ rules: HERE });
  onTestFinished(() => targets.close());
  for (const at of [1_795_888_241_999, 1_795_888_300_000]) {
    await sendDelivery(deliveryTo(receiver.url), { rules: HERE, targets, secrets: [SECRET], now: () => at });
  }
  const [first, second] = receiver.arrived;
  expect(first?.body).toEqual(second?.body);
  expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id']);
  expect([first, second].map((one) => one?.headers['webhook-timestamp'])).toEqual(['1795888241', '1795888300']);
  expect(first?.headers['webhook-signature']).not.toBe(second?.headers['webhook-signature']);
});

test('[N16][N7] a receiver is told no more of the inside than a caller who reads the status', async () => {
  const receiver = await receive();
  const delivery = deliveryTo(receiver.url);
  const message = 'No answer from http://10.1.2.3:8080 within 30 s';
  const error = { type: 'APITimeoutError', message, status_code: null, retryable: false, outcome: null } as const;
  delivery.data = { ...delivery.data, status: 'failed', error };
  const targets = new Targets({ rules: HERE });
  onTestFinished(() => targets.close());
  await sendDelivery(delivery, { rules: HERE, targets, secrets: [SECRET], now: Date.now });
  expect(JSON.parse(String(receiver.arrived[0]?.body))).toMatchObject({
    type: 'request.failed',
    data: { error: { ...error, message: 'No answer from the provider within 30 s' } },
  });
});

test.each([
  [200, 'delivered'],
  [201, 'delivered'],
  [299, 'delivered'],
  [300, 'failed'],
  [304, 'failed'],
  [400, 'failed'],
  [401, 'failed'],
  [404, 'failed'],
  [410, 'gone'],
  [429, 'failed'],
  [500, 'failed'],
  [503, 'failed'],
])('[N16] an answer of %d is %s', async (status, outcome) => {
  const receiver = await receive();
  receiver.answer = (response) => response.writeHead(status).end();
  expect(await sender()(receiver.url)).toMatchObject({ outcome, statusCode: status });
});

test('[N16][N8] a redirect is a failure, and its target learns nothing', async () => {
  const [receiver, inside] = [await receive(), await receive()];
  for (const status of [301, 302, 303, 307, 308]) {
    receiver.answer = (response) => response.writeHead(status, { location: inside.url }).end();
    expect(await sender()(receiver.url)).toMatchObject({
      outcome: 'failed',
      statusCode: status,
      reason: expect.stringMatching(/redirects are not followed$/),
    });
  }
  expect(inside.arrived).toEqual([]);
});

test('[N16] Retry-After is heeded, in both of its forms, and an hour at most', async () => {
  const receiver = await receive();
  const send = sender();
  const asked = async (value: string): Promise<number | null> => {
    receiver.answer = (response) => response.writeHead(404, { 'retry-after': value }).end();
    const sent = await send(receiver.url);
    return sent.outcome === 'failed' ? sent.retryAfterMs : null;
  };
  expect(await asked('120')).toBe(120_000);
  expect(await asked('999999')).toBe(3_600_000);
  expect(await asked(new Date(Date.now() + 60_000).toUTCString())).toBeGreaterThan(50_000);
  expect(await asked('soon')).toBeNull();
});

test('[N16] of an answer that has no end its status is enough, and it is cut off', async () => {
  const receiver = await receive();
  const cut = new Promise<void>((resolve) => {
    receiver.answer = (response) => {
      response.writeHead(200);
      response.on('close', resolve);
      const more = (): void =>
        void (response.destroyed || response.write('x'.repeat(16_384), () => setImmediate(more)));
      more();
    };
  });
  expect(await sender()(receiver.url)).toEqual({ outcome: 'delivered', statusCode: 200 });
  await cut;
});

test('[N16] nobody there, a connection that is lost, and what is no HTTP are failures that name the origin alone', async () => {
  const receiver = await receive();
  const { origin } = new URL(receiver.url);
  receiver.answer = (response) => void response.socket?.destroy();
  const lost = await sender()(`${receiver.url}/token-in-path?key=secret`);
  expect(lost).toMatchObject({ outcome: 'failed', statusCode: null, reason: expect.stringContaining(origin) });
  receiver.answer = (response) => void response.socket?.end('SMTP ready\r\n');
  expect(await sender()(receiver.url)).toMatchObject({ outcome: 'failed', statusCode: null });
  const url = receiver.url;
  await receiver[Symbol.asyncDispose]();
  const refused = await sender()(`${url}/token-in-path`);
  expect(refused).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('ECONNREFUSED') });
  expect(JSON.stringify([lost, refused])).not.toMatch(/token-in-path|secret/);
});

test('[N16][N8] a certificate is verified: one that nobody trusts gets nothing', async () => {
  const tls = createSelfSignedCertificate();
  const receiver = await receive({ tls });
  expect(await sender()(receiver.url)).toMatchObject({
    outcome: 'failed',
    reason: expect.stringMatching(/The certificate of https:\/\/localhost:\d+ was not accepted/),
  });
  expect(receiver.arrived).toEqual([]);
  expect(await sender({ tls: { ca: tls.cert } })(receiver.url)).toMatchObject({ outcome: 'delivered' });
  const elsewhere = receiver.url.replace('localhost', '127.0.0.1');
  expect(await sender({ tls: { ca: tls.cert } })(elsewhere)).toMatchObject({ outcome: 'failed', statusCode: null });
});

test('[N16][N8] no proxy is used, whatever the environment and the dispatcher of the process say', async () => {
  const [receiver, proxy] = [await receive(), await receive()];
  const before = getGlobalDispatcher();
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
  for (const name of names) process.env[name] = proxy.url;
  setGlobalDispatcher(new ProxyAgent(new URL(proxy.url).origin));
  try {
    expect(await sender()(receiver.url)).toMatchObject({ outcome: 'delivered' });
  } finally {
    for (const name of names) delete process.env[name];
    setGlobalDispatcher(before instanceof Agent ? before : new Agent());
  }
  expect([receiver.arrived.length, proxy.arrived.length]).toEqual([1, 0]);
});

test('[N16] a target that fails five times in a row is left alone, and another is not', async () => {
  const [down, up] = [await receive(), await receive()];
  down.answer = (response) => response.writeHead(503).end();
  const send = sender();
  for (let n = 0; n < 5; n++) expect(await send(down.url)).toMatchObject({ outcome: 'failed', statusCode: 503 });
  expect(await send(down.url)).toMatchObject({
    outcome: 'held',
    isDown: true,
    reason: expect.stringMatching(/is down/),
  });
  expect(down.arrived).toHaveLength(5);
  expect(await send(up.url)).toMatchObject({ outcome: 'delivered' });
});

test('[N16] an answer about the delivery alone says nothing of the target', async () => {
  const receiver = await receive();
  receiver.answer = (response) => response.writeHead(404).end();
  const send = sender();
  for (let n = 0; n < 8; n++) expect(await send(receiver.url)).toMatchObject({ outcome: 'failed', statusCode: 404 });
});

test('[N16] a slow receiver gets ten attempts at once, and the others go back', async () => {
  const receiver = await receive();
  const open: (() => void)[] = [];
  receiver.answer = (response) => void open.push(() => response.writeHead(204).end());
  const send = sender();
  const all = Array.from({ length: 15 }, () => send(receiver.url));
  const held = await Promise.all(all.slice(10));
  expect(held).toEqual(Array(5).fill(expect.objectContaining({ outcome: 'held', isDown: false })));
  await expect.poll(() => open.length, { timeout: 10_000 }).toBe(10);
  for (const answer of open) answer();
  expect(await Promise.all(all.slice(0, 10))).toEqual(
    Array.from({ length: 10 }, () => ({ outcome: 'delivered', statusCode: 204 })),
  );
});
