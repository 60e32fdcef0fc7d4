import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { mintToken, type CallbackKeys } from '../../src/callbacks/link.ts';
import type { CallbackReceiver } from '../../src/callbacks/receiver.ts';
import { TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { InMemoryClient } from './in-memory-client.ts';

const KEYS: CallbackKeys = [{ id: 'k1', secret: Buffer.alloc(32, 1) }];
const REQUEST_ID = 'req_00000000000000000000000001';
const LINK = `/callbacks/${mintToken(KEYS[0], { provider: 'replicate', requestId: REQUEST_ID })}`;
const SECRET = Buffer.alloc(24, 3);

async function start(receiver: Partial<CallbackReceiver> = {}) {
  const client = new InMemoryClient();
  const app = buildGateway({
    client,
    apiKeys: new Map(),
    syncWaitMs: 0,
    logger: createLogger({ level: 'silent', name: 'gateway' }),
    callbacks: { provider: 'replicate', keys: KEYS, idAt: '/job/id', signature: null, ...receiver },
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(url + LINK, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  return { client, url, post, hints: () => client.callbacks.map(({ hint }) => hint.providerRequestId) };
}

/** As a sender of Standard Webhooks makes them. */
function signed(body: string, at = Date.now(), secret = SECRET): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const mac = createHmac('sha256', secret).update(`msg_1.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${mac}` };
}

test('[N4][N8] where the profile has a signature, the link alone is not enough: unsigned, altered, of another secret and too old are 401', async () => {
  const signature = { scheme: 'standard-webhooks', secret: `whsec_${SECRET.toString('base64')}` } as const;
  const { client, post } = await start({ signature });
  const body = '{"job":{"id":"job-1"}}';
  const answers = [
    await post(body),
    await post(`${body} `, signed(body)),
    await post(body, signed(body, Date.now(), Buffer.alloc(24, 4))),
    await post(body, signed(body, Date.now() - 301_000)),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
  expect(answers[0]!.headers.get('www-authenticate')).not.toBeNull();
  expect(client.callbacks).toEqual([]);
  // Bytes, not what they mean; and a replay of it is a hint again, no more.
  expect((await post(body, signed(body))).status).toBe(204);
  expect((await post(body, signed(body))).status).toBe(204);
  expect(client.callbacks.map(({ requestId }) => requestId)).toEqual([REQUEST_ID, REQUEST_ID]);
});

test('[N4] an HMAC in a header is of the bytes that came', async () => {
  const scheme = { header: 'X-Signature', hmac: 'sha256', encoding: 'hex', prefix: 'sha256=' } as const;
  const { post } = await start({ signature: { scheme, secret: 'shared' } });
  const body = '{ "job" : {"id":"é"} }';
  const mac = createHmac('sha256', 'shared').update(body).digest('hex');
  expect((await post(body, { 'x-signature': `sha256=${mac}` })).status).toBe(204);
  expect((await post(JSON.stringify(JSON.parse(body)), { 'x-signature': `sha256=${mac}` })).status).toBe(401);
});

test.each<[string, string, string | null]>([
  ['stands where the profile says', '{"job":{"id":"job-1"}}', 'job-1'],
  ['is a number', '{"job":{"id":17}}', '17'],
  ['is a number that JSON.parse rounds', '{"job":{"id":12345678901234567890}}', null],
  ['leads upwards', '{"job":{"id":"../secrets"}}', null],
  ['is too long', JSON.stringify({ job: { id: 'x'.repeat(1001) } }), null],
  ['is an object', '{"job":{"id":{}}}', null],
  ['is of a prototype', '{"job":"constructor"}', null],
])('[N4][N8] the id of the work is passed on if it could be one: it %s', async (_what, body, id) => {
  const { post, hints } = await start();
  expect((await post(body)).status).toBe(204);
  expect(hints()).toEqual([id]);
});

test('[N4][N8] where work is asked for by path, no id is passed on', async () => {
  const { post, hints } = await start({ idAt: null });
  expect((await post('{"job":{"id":"job-1"}}')).status).toBe(204);
  expect(hints()).toEqual([null]);
});

test('[N4] within a second the first goes at once and all others together: what is passed on has the latest id and the earliest arrival', async () => {
  const { client, post } = await start();
  const [first] = await Promise.all([post('{}'), post('{"job":{"id":"a"}}'), post('{"job":{"id":"b"}}'), post('{}')]);
  expect(first.status).toBe(204);
  expect(client.callbacks).toHaveLength(2);
  const [, together] = client.callbacks;
  expect(['a', 'b']).toContain(together?.hint.providerRequestId);
  expect(together?.hint.arrivedAt).toBeLessThanOrEqual(Date.now() - 900);
});

test('[N4] those that wait together are all told when it fails, and the next one is tried anew', async () => {
  const { client, post } = await start();
  client.failure = () => Promise.reject(new TemporalUnavailableError('away'));
  const answers = await Promise.all([post('{}'), post('{}'), post('{}')]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
  expect(client.callbacks).toHaveLength(2);
  client.failure = null;
  expect((await post('{}')).status).toBe(204);
});

test.each([['ended'], ['full']] as const)(
  '[N4] a request that is %s is answered 204: some senders stop for good at else',
  async (toldAs) => {
    const { client, post } = await start();
    client.toldAs = toldAs;
    expect((await post('{}')).status).toBe(204);
  },
);

test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('[N4] %s is a 405', async (method) => {
  const { url } = await start();
  const response = await fetch(url + LINK, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
});

test('[N4][N8] no byte of a body is waited for where the link is forged', async () => {
  const { url } = await start();
  const { hostname, port } = new URL(url);
  const sending = request({
    hostname,
    port,
    method: 'POST',
    path: '/callbacks/k1.x.y',
    headers: { 'content-length': 5_000_000 },
  });
  sending.flushHeaders();
  const status = await new Promise((resolve) => sending.on('response', ({ statusCode }) => resolve(statusCode)));
  sending.on('error', () => {}).destroy();
  expect(status).toBe(401);
});

test('[N4] without keys there is no such route', async () => {
  const client = new InMemoryClient();
  const app = buildGateway({
    client,
    apiKeys: null,
    syncWaitMs: 0,
    logger: createLogger({ level: 'silent', name: 'x' }),
  });
  onTestFinished(() => app.close());
  expect((await app.inject({ method: 'POST', url: LINK })).statusCode).toBe(404);
});
