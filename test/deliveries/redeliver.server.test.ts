import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { runCli } from '../cli/run-cli.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startReceiver, type Receiver } from '../helpers/receiver.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { HERE, SECRET } from './delivery-under-test.ts';

/** Dead letters as a tenant meets them over HTTP, and an operator in a shell. */

const KEYS = { acme: 'key-of-acme', beta: 'key-of-beta' };
let stack: InProcessStack;
let receiver: Receiver;
let origin: string;
let close: () => Promise<void>;

beforeAll(async () => {
  receiver = await startReceiver();
  receiver.answer = (response) => response.writeHead(410).end();
  stack = await startInProcessStack({ deliveries: { targets: HERE, secretsOf: () => [SECRET] } });
  const keys = Object.entries(KEYS).map(
    ([tenant, key]) => [createHash('sha256').update(key).digest('hex'), { tenant, expiresAt: null }] as const,
  );
  const app = buildGateway({
    client: stack.client,
    apiKeys: new Map(keys),
    syncWaitMs: 10_000,
    logger: createLogger({ level: 'silent', name: 'gateway' }),
  });
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  close = () => app.close();
});
afterAll(async () => {
  await close();
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function http(tenant: keyof typeof KEYS, path: string, body?: object) {
  const response = await fetch(`${origin}/api/external/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${KEYS[tenant]}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

/** A request of acme whose receiver wanted nothing of its end. */
async function deadLetter(data: string): Promise<string> {
  const { json } = await http('acme', 'process', { data, options: { callback_url: receiver.url } });
  const requestId = String(json['request_id']);
  await waitUntil('it is a dead letter', async () => (await idsOf('acme')).includes(requestId));
  return requestId;
}

async function idsOf(tenant: keyof typeof KEYS): Promise<string[]> {
  const { json } = await http(tenant, 'deliveries');
  return (json['deliveries'] as { request_id: string }[]).map(({ request_id: requestId }) => requestId);
}

const WHY = { reason: 'the receiver is back' };

test('[N16][M19] a tenant lists its dead letters and has them told again; another one sees none of them', async () => {
  const requestId = await deadLetter('over http');
  const { json } = await http('acme', 'deliveries?status=dead&limit=1');
  expect(json).toEqual({
    deliveries: [
      {
        request_id: requestId,
        status: 'dead',
        request_status: 'completed',
        target: new URL(receiver.url).origin,
        started_at: expect.any(String),
        ended_at: expect.any(String),
        attempts: 1,
        reason: expect.stringMatching(/wants no more deliveries/),
        next_attempt_at: null,
      },
    ],
  });
  expect(await idsOf('beta')).toEqual([]);
  const [foreign, unknown] = [requestId, `req_${'0'.repeat(26)}`].map((id) =>
    http('beta', `deliveries/${id}/redeliver`, WHY),
  );
  expect(await foreign).toMatchObject({ status: 404, json: { error: 'RequestNotFoundError' } });
  expect(await unknown).toMatchObject({ status: 404, json: { error: 'RequestNotFoundError' } });
  expect(receiver.about(requestId)).toHaveLength(1);

  const again = await http('acme', `deliveries/${requestId}/redeliver`, WHY);
  const [first] = receiver.about(requestId);
  expect(again).toEqual({
    status: 202,
    json: {
      success: true,
      request_id: requestId,
      webhook_id: first?.headers['webhook-id'],
      target: new URL(receiver.url).origin,
    },
  });
  await waitUntil('it is told again', () => receiver.about(requestId).length === 2);
});

test('[N16][M12] what cannot be told again is a problem that says why', async () => {
  const { json } = await http('acme', 'process', { data: 'without a url' });
  const id = String(json['request_id']);
  expect(await http('acme', `deliveries/${id}/redeliver`, WHY)).toMatchObject({
    status: 409,
    json: { error: 'NothingToDeliverError', request_id: id },
  });
  expect(await http('acme', `deliveries/${id}/redeliver`, {})).toMatchObject({ status: 400 });
  expect(await http('acme', 'deliveries/no-id/redeliver', WHY)).toMatchObject({ status: 404 });
  expect(await http('acme', 'deliveries?status=lost')).toMatchObject({ status: 400 });
  expect(await http('acme', 'deliveries?limit=0')).toMatchObject({ status: 400 });
});

test.each([
  ['http://example.com/hook', 'must be https'],
  ['https://10.0.0.1/hook', 'must lead to a public address'],
  ['https://example.com:22/', 'must have one of the ports 443'],
  ['https://user@example.com/', 'must be an absolute https URL without user and fragment'],
])('[N16][N8][M12] a request with %s is refused before anything is started', async (url, problem) => {
  const { status, json } = await http('acme', 'process', { data: 1, options: { callback_url: url } });
  expect(status).toBe(400);
  expect(json['errors']).toEqual([{ path: 'options.callback_url', message: expect.stringContaining(problem) }]);
});

test('[N16][C4] an operator lists them in a shell, and has one told again', async () => {
  const requestId = await deadLetter('in a shell');
  const { address, namespace } = stack.temporal;
  const env = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
  const table = await runCli(['deliveries', 'list', '--tenant', 'acme'], { env, terminal: true });
  expect(table.stdout).toMatch(/^REQUEST +STATUS +AGE +ATTEMPTS +TENANT +REASON$/m);
  expect(table.stdout).toMatch(
    new RegExp(`^${requestId} +dead +.* 1 +acme +http://127.*wants no more deliveries`, 'm'),
  );
  const begun = await runCli(['deliveries', 'redeliver', requestId, '--reason', 'fixed'], { env });
  expect(begun.code).toBe(0);
  expect(JSON.parse(begun.stdout)).toMatchObject({ request_id: requestId, target: new URL(receiver.url).origin });
  await waitUntil('it is told again', () => receiver.about(requestId).length === 2);
  const unknown = await runCli(['deliveries', 'redeliver', `req_${'0'.repeat(26)}`, '--reason', 'x'], { env });
  expect(unknown.code).toBe(3);
});
