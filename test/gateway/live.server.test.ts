import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { buildGateway } from '../../src/gateway/build-gateway.ts';
import { problem, processedResponse, statusResponse } from '../../src/gateway/wire-schemas.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { type InProcessStack, startInProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

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

function post(body: string, headers: Record<string, string> = {}, path = '/api/external/process'): Promise<Response> {
  return fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

let lost = 0;

/** A request whose submit was executed and never answered: its id, and the provider's. */
async function startUnknown(tenant = 'default'): Promise<{ id: string; jobId: string }> {
  const idempotencyKey = `lost-${lost++}`;
  const id = requestIdFor(tenant, idempotencyKey);
  const match = { idempotencyKey: id };
  stack.fake.script({ endpoint: '/process', match, fault: { kind: 'executed-no-answer' } });
  await stack.client.process({ data: 'lost', options: { async: true } }, { tenant, idempotencyKey });
  await waitUntil('its outcome is unknown', async () => (await stack.client.status(id)).status === 'outcome_unknown');
  return { id, jobId: submits(id)[0]?.providerRequestId ?? '' };
}

function submits(id: string) {
  return callsAbout(stack.fake, id, '/process');
}

function resolve(id: string, body: object): Promise<Response> {
  return post(JSON.stringify(body), {}, `/api/external/resolve/${id}`);
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

test('[N1][M19] a lost answer over HTTP is shown as unknown; resubmit sends it once more, and it is completed', async () => {
  const { id } = await startUnknown();
  expect(await statusAt(`/api/external/status/${id}`)).toMatchObject({
    status: 'outcome_unknown',
    waiting_for: { reason: 'outcome_unknown', until: expect.any(String) },
  });
  const response = await resolve(id, { decision: 'resubmit', reason: 'they never got it' });
  expect(response.status).toBe(200);
  const resolution = {
    decision: 'resubmit',
    provider_request_id: null,
    by: 'tenant:default',
    reason: 'they never got it',
  };
  const after = statusResponse.parse(await response.json());
  expect(after).toMatchObject({ request_id: id, resolution });
  expect(after.status).not.toBe('outcome_unknown');
  await stack.client.result(id);
  expect(await statusAt(`/api/external/status/${id}`)).toMatchObject({ status: 'completed', resolution });
  expect(submits(id)).toHaveLength(2);
});

test('[N1][M19] adopt over HTTP waits for the work that the provider has, and sends nothing', async () => {
  const { id, jobId } = await startUnknown();
  const response = await resolve(id, {
    decision: 'adopt',
    provider_request_id: jobId,
    by: 'jo',
    reason: 'they have it',
  });
  expect(statusResponse.parse(await response.json())).toMatchObject({ resolution: { by: 'tenant:default (jo)' } });
  const { providerRequestId } = await stack.client.result(id);
  expect([providerRequestId, submits(id).length]).toEqual([jobId, 1]);
});

test('[N1][M19] abandon over HTTP ends it as failed and unknown, and a decision after that is a 409', async () => {
  const { id } = await startUnknown();
  const abandoned = await resolve(id, { decision: 'abandon', reason: 'too old' });
  expect(statusResponse.parse(await abandoned.json())).toMatchObject({
    request_id: id,
    status: 'failed',
    error: { type: 'OutcomeUnknown' },
    resolution: { decision: 'abandon' },
  });
  const late = await resolve(id, { decision: 'resubmit', reason: 'on second thoughts' });
  expect(late.status).toBe(409);
  expect(problem.parse(await late.json())).toMatchObject({ error: 'NothingToDecideError', request_id: id });
});

test('[N1][M19] of two decisions at once one is taken and the other is a 409', async () => {
  const { id } = await startUnknown();
  const decide = (reason: string) => resolve(id, { decision: 'resubmit', reason });
  const answers = await Promise.all([decide('one'), decide('two')]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
  await stack.client.result(id);
  expect(submits(id)).toHaveLength(2);
});

test('[N1][M16] the unknown outcome of another tenant is a 404 over HTTP, and stays undecided', async () => {
  const { id } = await startUnknown('acme');
  expect((await resolve(id, { decision: 'abandon', reason: 'not mine' })).status).toBe(404);
  expect(await stack.client.status(id)).toMatchObject({ status: 'outcome_unknown', resolution: null });
  await stack.client.cancel(id);
});

test('[N1][M6] a result too large to keep is a 502 that has the id of the work, as the status has', async () => {
  const result = { processed_data: 'x'.repeat(2 * 1024 * 1024), metadata: {} };
  const body = { success: true, request_id: 'job-large', result };
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 200, body } });
  const response = await post('{"data":1}');
  expect(response.status).toBe(502);
  const failure = problem.parse(await response.json());
  expect(failure).toMatchObject({ error: 'ResultTooLargeError', provider_request_id: 'job-large' });
  expect(await statusAt(failure.instance ?? '')).toMatchObject({ status: 'failed', provider_request_id: 'job-large' });
});

test('[M12][M19] data whose JSON is larger than Temporal keeps is a 413 before anything is started, though the body is small', async () => {
  // 5 bytes each for the caller, 22 as JSON.stringify writes them.
  const response = await post(`{"data":[${'1e20,'.repeat(99_000)}0]}`);
  expect(response.status).toBe(413);
  const refusal = problem.parse(await response.json());
  expect(refusal).toMatchObject({
    error: 'RequestTooLargeError',
    detail: expect.stringMatching(/^The request has 2\d{6} /),
  });
  expect(refusal.request_id).toBeUndefined();
});

test('[M12][N7][M19] where the provider is, its failures tell operators, and no caller', async () => {
  const { id } = await startUnknown();
  const { error } = await stack.client.status(id);
  expect(error?.message).toContain(stack.fake.url);
  const told = await statusAt(`/api/external/status/${id}`);
  expect(told.error?.message).toBe(error?.message.replace(stack.fake.url, 'the provider'));
  expect(JSON.stringify(told)).not.toContain(new URL(stack.fake.url).port);
});
