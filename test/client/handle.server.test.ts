import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import {
  ExternalApiClient,
  RequestNotFoundError,
  ResultMismatchError,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { resetToBeforeSubmit } from '../helpers/reset-workflow.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack();
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

/** What the fake provider makes of any data. */
interface Digest {
  sha256: string;
  bytes: number;
}
const digest = z.object({ sha256: z.string().length(64), bytes: z.int().positive() });

describe('a handle', () => {
  test('[C4] by its id alone, in another client, a handle does what the one of the start does', async () => {
    const started = await stack.client.process<Digest>({ data: 'by id' });
    const handle = new ExternalApiClient(stack.temporal.client).handle<Digest>(started.requestId);
    expect(handle.requestId).toBe(started.requestId);
    expect((await handle.result({ timeout: '30 seconds' })).result.processedData.bytes).toBeGreaterThan(0);
    expect(await handle.status()).toMatchObject({ requestId: handle.requestId, status: 'completed' });
    const { reason, sentence } = await handle.why();
    expect({ reason, sentence }).toEqual({ reason: null, sentence: expect.stringContaining('completed at ') });
    await expect(handle.cancel('too late')).rejects.toMatchObject({ code: 'REQUEST_FINISHED' });
    await expect(handle.retry()).rejects.toMatchObject({ code: 'NOT_RETRYABLE' });
    await expect(handle.resolve({ decision: 'abandon', by: 'jo', reason: 'x' })).rejects.toMatchObject({
      code: 'NOTHING_TO_DECIDE',
    });
  });

  test('[C4] the handle of a request that there is not says so in each method', async () => {
    const nobody = stack.client.handle(`req_${'0'.repeat(26)}`);
    await expect(nobody.why()).rejects.toThrow(RequestNotFoundError);
    await expect(nobody.updates().next()).rejects.toThrow(RequestNotFoundError);
    await expect(stack.client.handle('no id').updates().next()).rejects.toThrow(RequestNotFoundError);
    await expect(nobody.result({ timeout: '30 seconds' })).rejects.toThrow(RequestNotFoundError);
  });

  test('[C4][N6] its why says what the request waits for, as data and as a sentence', async () => {
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', async () => (await handle.status()).waitingFor?.reason === 'provider_processing');
    const { reason, sentence, evidence } = await handle.why();
    expect(reason).toBe('provider_processing');
    expect(sentence).toMatch(/^req_\w+ waits for the provider, which has had it as /);
    expect(evidence.providerRequestId).not.toBeNull();
    await handle.cancel();
  });
});

describe('a schema', () => {
  test('[C4][M12] of the start or of the wait, it makes the result, and is never sent', async () => {
    const handle = await stack.client.process({ data: 'typed' }, { schema: digest });
    expect((await handle.result()).result.processedData.bytes).toBeGreaterThan(0);
    const length = digest.transform(({ sha256 }) => sha256.length);
    expect((await handle.result({ schema: length })).result.processedData).toBe(64);
    expect((await stack.client.result(handle.requestId, { schema: length })).result.processedData).toBe(64);
    expect(stack.count(handle.requestId, '/process')).toBe(1);
  });

  test('[C4][M12] a result that does not fit is an error of its own, and the request stays completed', async () => {
    const handle = await stack.client.process({ data: 'odd' }, { schema: digest.extend({ pages: z.int() }) });
    const error = await handle.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResultMismatchError);
    expect(error).toMatchObject({ requestId: handle.requestId, problems: [{ path: 'pages' }] });
    expect((error as ResultMismatchError).result).toEqual((await handle.status()).result);
    expect(await handle.status()).toMatchObject({ status: 'completed', error: null });
    expect(stack.count(handle.requestId, '/process')).toBe(1);
  });
});

test('[C4] hooks are told of a start and of the end that a wait saw, and break nothing when they throw', async () => {
  const told: unknown[] = [];
  const hook = (event: object): never => {
    told.push(event);
    throw new Error('a bug');
  };
  const hooked = new ExternalApiClient(stack.temporal.client, {
    hooks: { onRequestStarted: hook, onRequestEnded: hook },
  });
  const options = { idempotencyKey: 'hooked', tenant: 'acme' };
  const { requestId, result } = await hooked.process({ data: 'hooked' }, options);
  await result();
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
  const failed = await hooked.process({ data: 'refused' });
  await expect(failed.result()).rejects.toMatchObject({ code: 'EXTERNAL_API_ERROR' });
  expect(told).toEqual([
    { requestId, ...options },
    { requestId, status: 'completed', error: null },
    { requestId: failed.requestId, tenant: 'default', idempotencyKey: null },
    { requestId: failed.requestId, status: 'failed', error: expect.objectContaining({ statusCode: 400 }) },
  ]);
});

describe('updates', () => {
  async function all(updates: AsyncIterable<RequestSnapshot>): Promise<RequestSnapshot[]> {
    const seen: RequestSnapshot[] = [];
    for await (const snapshot of updates) seen.push(snapshot);
    return seen;
  }

  test('[C3][C4] they begin with the state as it is, tell each change once, and end with the request', async () => {
    stack.fake.settings.jobDurationMs = 2_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    const seen: string[] = [];
    for await (const { status, providerRequestId, result } of handle.updates()) {
      seen.push(`${status} ${providerRequestId !== null} ${result !== null}`);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.slice(-2)).toEqual(['processing true false', 'completed true true']);
    expect((await all(handle.updates())).map(({ status }) => status)).toEqual(['completed']);
  });

  test('[C3][C4] a failure and a cancellation end them too, as a state and not as an error', async () => {
    stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400 } });
    const failed = await stack.client.process({ data: 1 });
    expect((await all(failed.updates())).at(-1)).toMatchObject({ status: 'failed', error: { statusCode: 400 } });
    stack.fake.settings.jobDurationMs = 600_000;
    const unwanted = await stack.client.process({ data: 1, options: { async: true } });
    const ended = all(unwanted.updates());
    await waitUntil('it is polled', () => stack.count(unwanted.requestId, '/status/{request_id}') > 0);
    await unwanted.cancel();
    expect((await ended).at(-1)?.status).toBe('cancelled');
  });

  test('[C4] while nothing changes they wait on one call and ask no worker, and a signal ends them at once', async () => {
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', () => stack.count(handle.requestId, '/status/{request_id}') > 0);
    let looks = 0;
    const counted = new ExternalApiClient(stack.temporal.client);
    const history = vi.spyOn(stack.temporal.client.workflowService, 'getWorkflowExecutionHistory');
    onTestFinished(() => history.mockRestore());
    const { status } = counted;
    counted.status = (id) => (looks++, status.call(counted, id));
    const stop = new AbortController();
    const updates = counted.updates(handle.requestId, { signal: stop.signal });
    expect((await updates.next()).value).toMatchObject({ status: 'processing' });
    const next = updates.next();
    // Polls add no event, so that they are no reason to look.
    const polls = stack.count(handle.requestId, '/status/{request_id}');
    await waitUntil('it is polled more', () => stack.count(handle.requestId, '/status/{request_id}') > polls + 2);
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(looks).toBe(1);
    // What there was, and the wait for more; one more where the server's page was full.
    expect(history.mock.calls.length).toBeLessThan(5);
    expect(await updates.next()).toEqual({ done: true, value: undefined });
    const aborted = counted.updates(handle.requestId, { signal: AbortSignal.abort(new Error('before')) });
    await expect(aborted.next()).rejects.toThrow('before');
    await handle.cancel();
  });

  test('[C4] they go on with the run that a reset makes', async () => {
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    const updates = handle.updates();
    const until = async (wanted: string): Promise<void> => {
      for (;;) {
        const { value, done } = await updates.next();
        if (done) throw new Error(`They ended before ${wanted}.`);
        if (value.status === wanted) return;
      }
    };
    await until('processing');
    await resetToBeforeSubmit(stack, handle.requestId);
    await until('outcome_unknown');
    await handle.resolve({ decision: 'abandon', by: 'jo', reason: 'a test' });
    await until('failed');
    expect(await updates.next()).toEqual({ done: true, value: undefined });
  });
});
