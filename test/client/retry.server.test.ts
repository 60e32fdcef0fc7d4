import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  NothingToDecideError,
  NotRetryableError,
  RequestNotFoundError,
  type ProcessOptions,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { retryIdOf } from '../../src/client/request-id.ts';
import { readStart } from '../../src/client/server-view.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { resetToBeforeSubmit } from '../helpers/reset-workflow.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack({ policy: { maxRetries: 1 } });
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

type Fault = Parameters<typeof stack.fake.script>[0]['fault'];

/** A request that has ended by a fault of its submit. */
async function ended(fault: Fault, options: ProcessOptions = {}): Promise<RequestSnapshot> {
  stack.fake.script({ endpoint: '/process', fault });
  const handle = await stack.client.process({ data: { n: 1 } }, options);
  await handle.result().catch(() => {});
  stack.fake.clearFaults();
  return await handle.status();
}

/** Its submit was taken, and its status calls have failed for good: the work goes on at the provider. */
async function lostFromSight(): Promise<RequestSnapshot> {
  stack.fake.settings.jobDurationMs = 600_000;
  stack.fake.script({ endpoint: '/status/{request_id}', fault: { kind: 'status', code: 500 } });
  const handle = await stack.client.process({ data: 'long', options: { async: true } });
  await handle.result().catch(() => {});
  stack.fake.clearFaults();
  return await handle.status();
}

const started = async (requestId: string) => (await readStart(stack.temporal.client, workflowIdOf(requestId))).args;

describe('what was not done', () => {
  test('[N18] E12: is sent again as a new request with the same input and options, and both name each other', async () => {
    const options: ProcessOptions = { tenant: 'acme', kind: 'report', cache: 'off', deadline: '7 minutes' };
    const first = await ended({ kind: 'status', code: 400 }, options);
    expect(first).toMatchObject({ status: 'failed', retryOf: null, retriedBy: null, error: { outcome: 'final' } });
    const again = await stack.client.retry(first.requestId, { by: 'jo', reason: 'their validator was wrong' });
    expect(again).toMatchObject({ retryOf: first.requestId, started: true, adopted: null });
    await again.result();
    const { requestId } = again;
    expect(await again.status()).toMatchObject({
      status: 'completed',
      tenant: 'acme',
      retryOf: first.requestId,
      retriedBy: null,
    });
    expect(await stack.client.status(first.requestId)).toMatchObject({ status: 'failed', retriedBy: requestId });
    expect((await stack.client.why(first.requestId)).sentence).toContain(
      `it was retried as ${requestId}: \`external-api why ${requestId}\``,
    );
    expect(await started(requestId)).toEqual({ ...(await started(first.requestId)), requestId, adopt: null });
    const { staticDetails } = await stack.temporal.client.workflow.getHandle(workflowIdOf(requestId)).describe();
    expect(await staticDetails()).toBe(`A retry of ${first.requestId}, by jo: their validator was wrong`);
  });

  test('[N18] E12: is sent again once, by whomever and however often it is asked for', async () => {
    const { requestId } = await ended({ kind: 'status', code: 400 });
    const retries = await Promise.all(Array.from({ length: 8 }, () => stack.client.retry(requestId)));
    await retries[0]?.result();
    const later = await stack.client.retry(requestId);
    expect(later.started).toBe(false);
    expect(new Set([...retries, later].map((retry) => retry.requestId))).toEqual(
      new Set([retryIdOf('default', requestId)]),
    );
    expect(stack.count(later.requestId, '/process')).toBe(1);
  });

  test('[N18] E12: a retry that fails is retried as any other request', async () => {
    const { requestId } = await ended({ kind: 'status', code: 400 });
    stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
    const second = await stack.client.retry(requestId);
    await second.result().catch(() => {});
    stack.fake.clearFaults();
    const third = await stack.client.retry(second.requestId);
    expect((await third.result()).status).toBe('completed');
    expect(await third.status()).toMatchObject({ retryOf: second.requestId });
  });

  test('[N18][N1] E12: is not submitted once more by a decision on the first, which an operator has reset', async () => {
    const { requestId } = await ended({ kind: 'status', code: 400 });
    const second = await stack.client.retry(requestId);
    await second.result();
    await resetToBeforeSubmit(stack, requestId);
    await waitUntil('it is held', async () => (await stack.client.status(requestId)).status === 'outcome_unknown');
    const why = { by: 'jo', reason: 'they never got it' };
    const refused = stack.client.resolve(requestId, { decision: 'resubmit', ...why });
    await expect(refused).rejects.toThrow(NothingToDecideError);
    await expect(refused).rejects.toThrow(`it was retried as ${second.requestId}`);
    await stack.client.resolve(requestId, { decision: 'abandon', ...why });
    await waitUntil('it has ended', async () => (await stack.client.status(requestId)).status === 'failed');
    expect(callsAbout(stack.fake, requestId, '/process')).toHaveLength(1);
  });

  test('[N18] E12: a list tells what repeats what', async () => {
    const { requestId } = await ended({ kind: 'status', code: 400 }, { tenant: 'lister' });
    const retry = await stack.client.retry(requestId);
    await retry.result();
    const listed = await waitUntil('both are listed', async () => {
      const pairs = new Map<string, string | null>();
      for await (const request of stack.client.list({ tenant: 'lister' }))
        pairs.set(request.requestId, request.retryOf);
      return pairs.size === 2 && pairs;
    });
    expect(listed).toEqual(
      new Map([
        [requestId, null],
        [retry.requestId, requestId],
      ]),
    );
  });
});

test('[N18][N1] E12: work that the provider has is adopted by the new request, which only asks for it', async () => {
  const first = await lostFromSight();
  expect(first).toMatchObject({ status: 'failed', providerRequestId: expect.any(String) });
  const retry = await stack.client.retry(first.requestId);
  expect(retry.adopted).toBe(first.providerRequestId);
  expect(await started(retry.requestId)).toMatchObject({
    adopt: first.providerRequestId,
    submittedAs: first.requestId,
  });
  await retry.cancel();
});

describe('what may have been done, or has not ended', () => {
  async function refusal(requestId: string): Promise<string> {
    const error: unknown = await stack.client.retry(requestId).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotRetryableError);
    await expect(stack.client.status(retryIdOf('default', requestId))).rejects.toThrow(RequestNotFoundError);
    return (error as NotRetryableError).message;
  }

  test('[N18][N1] E12: a held outcome is for a person to decide; once it is given up, for the provider to tell', async () => {
    stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const { requestId } = await stack.client.process({ data: 1 });
    const { client } = stack;
    await waitUntil('it is held', async () => (await client.status(requestId)).status === 'outcome_unknown');
    expect(await refusal(requestId)).toMatch(
      /it is held: ask the provider for Idempotency-Key .* `external-api resolve/,
    );
    await client.resolve(requestId, { decision: 'abandon', by: 'jo', reason: 'too old' });
    await client.result(requestId).catch(() => {});
    expect(await refusal(requestId)).toContain(`ask it for Idempotency-Key ${requestId}`);
  });

  test('[N18] E12: what runs, is completed or was cancelled is refused in words of its own', async () => {
    stack.fake.settings.jobDurationMs = 600_000;
    const running = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', async () => (await running.status()).providerRequestId !== null);
    expect(await refusal(running.requestId)).toContain('it still runs: `external-api why');
    await running.cancel();
    await running.result().catch(() => {});
    expect(await refusal(running.requestId)).toContain('it was cancelled: the provider could not be told');
    const terminated = await stack.client.process({ data: 1, options: { async: true } });
    await stack.temporal.client.workflow.getHandle(workflowIdOf(terminated.requestId)).terminate();
    expect(await refusal(terminated.requestId)).toContain('it was cancelled: an operator terminated it');
    const completed = await stack.client.process({ data: 1 });
    await completed.result();
    expect(await refusal(completed.requestId)).toContain('it is completed');
  });

  test('[N18][M12] E12: who asks and why are bounded, and a request that is not there is not found', async () => {
    const retry = stack.client.retry(`req_${'0'.repeat(26)}`, { by: ' ', reason: 'x'.repeat(2001) });
    await expect(retry).rejects.toMatchObject({ problems: [{ path: 'by' }, { path: 'reason' }] });
    await expect(stack.client.retry(`req_${'0'.repeat(26)}`)).rejects.toThrow(RequestNotFoundError);
  });
});
