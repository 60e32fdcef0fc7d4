import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildGateway } from '../../../src/gateway/build-gateway.ts';
import { problem, processedResponse, statusResponse } from '../../../src/gateway/schemas.ts';
import { type InProcessStack, startInProcessStack } from '../../helpers/in-process-stack.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

let stack: InProcessStack;
let app: FastifyInstance;
let url: string;

beforeAll(async () => {
  stack = await startInProcessStack();
  app = buildGateway({ client: stack.client, apiKeys: null, syncWaitMs: 10_000, logger: pino({ level: 'silent' }) });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(async () => {
  await app.close();
  await stack[Symbol.asyncDispose]();
});

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/external/process`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
}

async function statusAt(path: string) {
  return statusResponse.parse(await (await fetch(url + path)).json());
}

test('[M19][M1] a synchronous request over HTTP has the result of its own data, and stays readable', async () => {
  const response = await post('{"data":{"text":"hello"}}');
  expect(response.status).toBe(200);
  const { request_id, result } = processedResponse.parse(await response.json());
  const [call] = stack.fake.ledger.filter(({ idempotencyKey }) => idempotencyKey === request_id);
  expect(result.processed_data).toMatchObject({ sha256: call?.bodySha256 });
  const read = await statusAt(`/api/external/status/${request_id}`);
  expect(read).toMatchObject({ request_id, status: 'completed', result, source: 'provider' });
});

test('[M19][M3][M4] an asynchronous request over HTTP is accepted, waits for the provider, and is completed', async () => {
  stack.fake.settings.jobDurationMs = 500;
  const response = await post('{"data":1,"options":{"async":true}}');
  expect(response.status).toBe(202);
  const location = response.headers.get('location') ?? '';
  const waiting = await waitUntil('it waits for the provider', async () => {
    const status = await statusAt(location);
    return status.status === 'processing' && status.waiting_for?.reason === 'provider_processing' && status;
  });
  expect(waiting.result).toBeNull();
  const done = await waitUntil('it is completed', async () => {
    const status = await statusAt(location);
    return status.status === 'completed' && status;
  });
  expect(done.result?.metadata.version).toEqual(expect.any(String));
});

test('[M19][M6] a refusal by the provider is a 422 with its detail, and the status has the same error', async () => {
  stack.fake.script({
    endpoint: '/process',
    fault: { kind: 'status', code: 400, body: { error: 'data.text is too short' } },
  });
  const response = await post('{"data":{"text":""}}');
  expect(response.status).toBe(422);
  const refusal = problem.parse(await response.json());
  expect(refusal).toMatchObject({
    error: 'ExternalAPIError',
    detail: expect.stringContaining('data.text is too short'),
  });
  const read = await statusAt(refusal.instance ?? '');
  expect(read).toMatchObject({ status: 'failed', error: { message: refusal.detail, status_code: 400 } });
});

test('[M19] one Idempotency-Key is one request at the provider, and another input under it is a 422', async () => {
  const headers = { 'idempotency-key': 'order-7' };
  const answers = await Promise.all([post('{"data":7}', headers), post('{ "data": 7 }', headers)]);
  const [first, second] = await Promise.all(
    answers.map(async (answer) => processedResponse.parse(await answer.json())),
  );
  expect(second).toEqual(first);
  expect(stack.fake.ledger.filter(({ idempotencyKey }) => idempotencyKey === first?.request_id)).toHaveLength(1);
  expect((await post('{"data":8}', headers)).status).toBe(422);
});

test('[M12][M19] data that is nested too deeply is a 400, and an unknown id a 404', async () => {
  const response = await post(`{"data":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  expect(response.status).toBe(400);
  expect(problem.parse(await response.json()).errors).toEqual([
    { path: expect.any(String), message: expect.stringContaining('deep') },
  ]);
  expect((await fetch(`${url}/api/external/status/req_${'0'.repeat(26)}`)).status).toBe(404);
});
