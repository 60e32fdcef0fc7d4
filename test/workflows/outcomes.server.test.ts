import { defineSearchAttributeKey } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  APIAuthenticationError,
  APIRateLimitError,
  APITimeoutError,
  ExternalAPIError,
} from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES, workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack();
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

/** What the provider saw of a request's submits. */
function submits(requestId: string) {
  return callsAbout(stack.fake, requestId, '/process');
}

async function failureOf(result: Promise<unknown>): Promise<unknown> {
  return await result.then(
    (value) => {
      throw new Error(`Expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

test('[C1][M1] a synchronous request gives the result of its own data', async () => {
  const handle = await stack.client.process({ data: { text: 'hello' } });
  const { result, status, source, providerRequestId } = await handle.result();
  const [call] = submits(handle.requestId);
  expect(result.processedData).toMatchObject({ sha256: call?.bodySha256 });
  expect({ status, source, providerRequestId }).toEqual({
    status: 'completed',
    source: 'provider',
    providerRequestId: call?.providerRequestId,
  });
});

test('[M3][M4] an asynchronous request is polled until it is finished, and its callback URL goes to nobody', async () => {
  stack.fake.settings.jobDurationMs = 300;
  stack.fake.settings.callbackCount = 0;
  const handle = await stack.client.process({
    data: { text: 'later' },
    options: { async: true, callbackUrl: 'https://callbacks.example/done' },
  });
  const { result } = await handle.result();
  expect(result.metadata).toEqual({ processingTime: 0.3, version: '2.1' });
  expect(stack.count(handle.requestId, '/process')).toBe(1);
});

test('[M3] a job of 300 ms is seen before 2 s, although a default server has a floor of 1 s under every delay', async () => {
  stack.fake.settings.jobDurationMs = 300;
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await handle.result();
  const polls = stack.count(handle.requestId, POLL);
  // All polls were made inside one attempt: none waited for the server.
  const events = await stack.events(handle.requestId);
  const started = events.map((event) => event.activityTaskStartedEventAttributes).filter((one) => one);
  expect(started.at(-1)?.attempt).toBe(1);
  expect(polls).toBeGreaterThan(1);
});

test('[M6][C3] a refusal fails the workflow with the typed error, which the client rebuilds', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400, body: { error: 'data is too odd' } } });
  const handle = await stack.client.process({ data: 1 });
  const error = await failureOf(handle.result());
  expect(error).toBeInstanceOf(ExternalAPIError);
  expect(error).toMatchObject({
    message: 'Bad Request: data is too odd',
    statusCode: 400,
    requestId: handle.requestId,
    retryable: false,
    outcome: 'final',
  });
  expect(await handle.status()).toMatchObject({
    status: 'failed',
    completedAt: expect.any(String),
    error: { type: 'ExternalAPIError', message: 'Bad Request: data is too odd', statusCode: 400, retryable: false },
  });
});

test('[C5] a failed request is marked for attention, a completed one is not', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 422 } });
  const failed = await stack.client.process({ data: 1 });
  await failureOf(failed.result());
  const completed = await stack.client.process({ data: 1 });
  await completed.result();
  const attentionKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.attention, 'KEYWORD');
  const attention = async (requestId: string) => {
    const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(requestId));
    return (await workflow.describe()).typedSearchAttributes.get(attentionKey);
  };
  expect(await attention(failed.requestId)).toBe('failed');
  expect(await attention(completed.requestId)).toBeUndefined();
});

test('[C5] the Web UI shows a running request readably: a summary of it and of each step, and how far it is', async () => {
  stack.fake.settings.jobDurationMs = 60_000;
  const handle = await stack.client.process({ data: 1, options: { async: true } }, { tenant: 'reader' });
  await waitUntil('it is polled', () => stack.count(handle.requestId, POLL) > 0);
  const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  const { currentDetails } = await workflow.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toMatch(/^\*\*processing\*\* since .*Z\n\nThe provider's id: `req_\w+`$/);
  expect(await (await workflow.describe()).staticSummary()).toBe('reader: asynchronous');
  const scheduled = (await stack.events(handle.requestId)).filter(
    (event) => event.activityTaskScheduledEventAttributes,
  );
  const summaries = scheduled.map(
    (event) => JSON.parse(Buffer.from(event.userMetadata?.summary?.data ?? []).toString()) as string,
  );
  expect(summaries).toEqual([
    'Have a valid access token',
    'Submit the work, asynchronous',
    expect.stringMatching(/^Ask about req_\w+$/),
  ]);
  await handle.cancel();
});

test('[C5] expected failures carry no stack trace into the history', async () => {
  stack.fake.script(
    { endpoint: '/process', fault: { kind: 'status', code: 503, headers: { 'retry-after': '1' } } },
    { endpoint: '/process', fault: { kind: 'status', code: 404 } },
  );
  const handle = await stack.client.process({ data: 1 });
  await failureOf(handle.result());
  const text = JSON.stringify(await stack.events(handle.requestId));
  expect(text).toContain('Unknown error (status: 404)');
  expect(text).not.toMatch(/\n\s+at |\.ts:\d|\.js:\d/);
});

test('[M5][M6] bad credentials end the request as APIAuthenticationError, after fresh tokens', async () => {
  stack.fake.script({ endpoint: '/process', times: 9, fault: { kind: 'status', code: 401 } });
  const handle = await stack.client.process({ data: 1 });
  expect(await failureOf(handle.result())).toBeInstanceOf(APIAuthenticationError);
  // Three attempts, each with one fresh token, but for the first when its token is young.
  expect([5, 6]).toContain(stack.count(handle.requestId, '/process'));
});

test('[M5] failures of the provider end the request after MAX_RETRIES calls in all', async () => {
  stack.fake.script({ endpoint: POLL, times: 10, fault: { kind: 'status', code: 500 } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  const error = await failureOf(handle.result());
  expect(error).toMatchObject({ name: 'ExternalAPIError', message: expect.stringMatching(/^Internal Server Error/) });
  expect(stack.count(handle.requestId, POLL)).toBe(3);
});

test('[M5] a poll that succeeds forgets the failures before it', async () => {
  const fail = { kind: 'status', code: 500 } as const;
  stack.fake.script(
    { endpoint: POLL, times: 2, fault: fail },
    { endpoint: POLL, fault: { kind: 'unknown-status-word', word: 'processing' } },
    { endpoint: POLL, times: 2, fault: fail },
  );
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await handle.result();
  const failed = stack.calls.filter((call) => call.requestId === handle.requestId && call.statusCode === 500);
  expect(failed).toHaveLength(4);
});

test('[M6] the deadline ends a request that the provider never finishes, as timed out', async () => {
  stack.fake.settings.jobDurationMs = 600_000;
  const handle = await stack.client.process({ data: 1, options: { async: true } }, { deadline: '2 seconds' });
  const error = await failureOf(handle.result());
  expect(error).toBeInstanceOf(APITimeoutError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^The request's deadline of 2 s passed while the provider was still working on it$/),
  });
  expect(await handle.status()).toMatchObject({ status: 'timed_out', error: { type: 'APITimeoutError' } });
});

test('[M5][M6] a rate limit that lasts until the deadline is what the caller gets', async () => {
  stack.fake.script({
    endpoint: '/process',
    times: 1000,
    fault: { kind: 'status', code: 429, headers: { 'retry-after': '1' } },
  });
  const handle = await stack.client.process({ data: 1 }, { deadline: '2500 milliseconds' });
  expect(await failureOf(handle.result())).toBeInstanceOf(APIRateLimitError);
  expect(await handle.status()).toMatchObject({
    status: 'timed_out',
    error: { type: 'APIRateLimitError', statusCode: 429 },
  });
});

test('[N10] an unknown status word means keep waiting, and tell once', async () => {
  stack.fake.script({ endpoint: POLL, times: 3, fault: { kind: 'unknown-status-word', word: 'marinating' } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await handle.result();
  const told = stack.unknownStatuses.filter(({ status }) => status === 'marinating');
  expect(told.map(({ first }) => first)).toEqual([true, false, false]);
});

test('[M3] a 404 right after the submit is not the end', async () => {
  stack.fake.script({ endpoint: POLL, times: 3, fault: { kind: 'status', code: 404 } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
});

test('[M3] a job that fails at the provider fails the request with what the provider says', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'job', durationMs: 50, error: 'no such model' } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  expect(await failureOf(handle.result())).toMatchObject({
    message: 'The provider reports the work as failed: no such model',
  });
});
