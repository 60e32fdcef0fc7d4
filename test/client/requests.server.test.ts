import { Client, QueryRejectedError, type WorkflowClientInterceptor } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ExternalApiClient,
  IdempotencyConflictError,
  InvalidRequestError,
  RequestFinishedError,
  RequestNotFoundError,
  ResultTimeoutError,
  type RequestSummary,
} from '../../src/client/index.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
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

const UNKNOWN = `req_${'0'.repeat(26)}`;

describe('idempotency', () => {
  test('[C4] the same key and input mean the same request, while it runs and after its end', async () => {
    const start = () => stack.client.process({ data: { b: 1, a: 2 } }, { idempotencyKey: 'order-1' });
    const first = await start();
    const second = await start();
    await first.result();
    const third = await start();
    expect(new Set([first.requestId, second.requestId, third.requestId]).size).toBe(1);
    expect(stack.count(first.requestId, '/process')).toBe(1);
  });

  test('[C4] two hundred callers with one key make one request', async () => {
    const start = () => stack.client.process({ data: 1 }, { idempotencyKey: 'storm' });
    const handles = await Promise.all(Array.from({ length: 200 }, start));
    await handles[0]?.result();
    expect(new Set(handles.map(({ requestId }) => requestId)).size).toBe(1);
    expect(stack.count(handles[0]!.requestId, '/process')).toBe(1);
  });

  test('[C4] the same key with another input is a conflict, while it runs and after its end', async () => {
    const first = await stack.client.process({ data: 1 }, { idempotencyKey: 'order-2' });
    const other = () => stack.client.process({ data: 2 }, { idempotencyKey: 'order-2' });
    await expect(other()).rejects.toThrow(IdempotencyConflictError);
    await first.result();
    await expect(other()).rejects.toMatchObject({ requestId: first.requestId });
  });

  test('[C4] a key belongs to its tenant', async () => {
    const ofA = await stack.client.process({ data: 1 }, { idempotencyKey: 'order-3', tenant: 'a' });
    const ofB = await stack.client.process({ data: 1 }, { idempotencyKey: 'order-3', tenant: 'b' });
    expect(ofA.requestId).not.toBe(ofB.requestId);
  });
});

describe('reading', () => {
  test('[C3] reads of the status make no call to the provider, and many at once share one', async () => {
    stack.fake.settings.jobDurationMs = 60_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', () => stack.count(handle.requestId, '/status/{request_id}') > 0);
    const snapshots = await Promise.all(Array.from({ length: 50 }, () => handle.status()));
    for (const snapshot of snapshots) expect(snapshot).toBe(snapshots[0]);
    expect(snapshots[0]).toMatchObject({ status: 'processing', tenant: 'default', stale: false });
    await handle.cancel();
  });

  test('[C3] between two polls the status says what it waits for, and until when', async () => {
    stack.fake.settings.jobDurationMs = 60_000;
    const headers = { 'retry-after': '300' };
    const match = { idempotencyKey: requestIdFor('default', 'waits') };
    stack.fake.script({ endpoint: '/status/{request_id}', match, fault: { kind: 'headers', headers } });
    const handle = await stack.client.process({ data: 1, options: { async: true } }, { idempotencyKey: 'waits' });
    const { waitingFor } = await waitUntil('the poll backs off', async () => {
      const snapshot = await handle.status();
      return snapshot.waitingFor?.until ? snapshot : undefined;
    });
    const { reason, since, until, attempt } = waitingFor!;
    expect({ reason, attempt }).toEqual({ reason: 'provider_processing', attempt: 2 });
    expect(Math.round((Date.parse(until!) - Date.parse(since!)) / 1000)).toBe(300);
    await handle.cancel();
  });

  test.each([
    ['cool_down', { kind: 'status', code: 429, headers: { 'retry-after': '3' } }],
    ['cool_down', { kind: 'status', code: 503, headers: { 'retry-after': '3' } }],
  ] as const)('[C3] a wait that the provider asked for is a %s: %o', async (reason, fault) => {
    stack.fake.script({ endpoint: '/process', fault });
    const handle = await stack.client.process({ data: 1 });
    await waitUntil('it waits', async () => (await handle.status()).waitingFor?.reason === reason);
    await handle.cancel();
  });

  test('[C3] the status of an ended request asks no worker, which would replay all of it', async () => {
    const { requestId, result } = await stack.client.process({ data: 1 });
    await result();
    const ends: unknown[] = [];
    const query: WorkflowClientInterceptor['query'] = async (input, next) => {
      return await next(input).then(
        (answer) => void ends.push(answer),
        (error: unknown) => void ends.push(error),
      );
    };
    const { connection, namespace } = stack.temporal;
    const client = new Client({ connection, namespace, interceptors: { workflow: [{ query }] } });
    expect(await new ExternalApiClient(client).status(requestId)).toMatchObject({ status: 'completed', stale: false });
    await waitUntil('the query is over', () => ends.length > 0);
    expect(ends).toEqual([expect.any(QueryRejectedError)]);
  });

  test('[C4] an id that cannot be ours, and one that is not there, are not found', async () => {
    for (const id of ['', 'req_1', '../x', UNKNOWN]) {
      await expect(stack.client.status(id)).rejects.toThrow(RequestNotFoundError);
      await expect(stack.client.result(id)).rejects.toThrow(RequestNotFoundError);
      await expect(stack.client.cancel(id)).rejects.toThrow(RequestNotFoundError);
    }
  });

  test('[C4] a wait that ends first leaves the request alone', async () => {
    stack.fake.settings.jobDurationMs = 1_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await expect(handle.result({ timeout: 100 })).rejects.toThrow(ResultTimeoutError);
    const reason = new Error('the caller went away');
    await expect(handle.result({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(await handle.result()).toMatchObject({ status: 'completed' });
  });

  test('[C4] a wait whose time is over has asked the server once, not all through its last second', async () => {
    stack.fake.settings.jobDurationMs = 1_000;
    const { connection, namespace } = stack.temporal;
    const asked = vi.spyOn(connection.workflowService, 'getWorkflowExecutionHistory');
    const client = new ExternalApiClient(new Client({ connection, namespace }));
    const handle = await client.process({ data: 1, options: { async: true } });
    await expect(handle.result({ timeout: 300 })).rejects.toThrow(ResultTimeoutError);
    expect(asked).toHaveBeenCalledTimes(1);
    asked.mockRestore();
  });

  test('[C4] cancelling a request that has ended says so', async () => {
    const handle = await stack.client.process({ data: 1 });
    await handle.result();
    await expect(handle.cancel()).rejects.toThrow(RequestFinishedError);
  });

  test('[C4] terminated by an operator, a request reads as cancelled', async () => {
    stack.fake.settings.jobDurationMs = 60_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).terminate('by hand');
    expect(await handle.status()).toMatchObject({ status: 'cancelled', completedAt: expect.any(String) });
  });
});

describe('bad input', () => {
  test.each([
    ['deadline', { deadline: 'soon' as never }],
    ['deadline', { deadline: -1 }],
    ['deadline', { deadline: Infinity }],
    ['deadline', { deadline: Number.NaN }],
    ['deadline', { deadline: '31 days' as never }],
    ['unknownHold', { unknownHold: Infinity }],
    ['unknownHold', { unknownHold: Number.NaN }],
    ['unknownHold', { unknownHold: -1 }],
    ['unknownHold', { unknownHold: '721 hours' as never }],
    ['tenant', { tenant: "x' OR 1=1" }],
    ['idempotencyKey', { idempotencyKey: 'has space' }],
  ])('[M12][N14] E9: a bad %s is named, and nothing is started: %o', async (path, options) => {
    const error: unknown = await stack.client.process({ data: 1 }, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidRequestError);
    expect((error as InvalidRequestError).problems.map((problem) => problem.path)).toEqual([path]);
  });
});

describe('lists', () => {
  async function list(options: Parameters<typeof stack.client.list>[0]): Promise<RequestSummary[]> {
    const requests: RequestSummary[] = [];
    for await (const request of stack.client.list(options)) requests.push(request);
    return requests;
  }

  async function finished(tenant: string, fault?: { kind: 'status'; code: number }): Promise<string> {
    if (fault) stack.fake.script({ endpoint: '/process', fault });
    const handle = await stack.client.process({ data: 1 }, { tenant });
    await handle.result().catch(() => {});
    return handle.requestId;
  }

  test('[C4] a list filters by state and tenant', async () => {
    const completed = await finished('lister');
    const failed = await finished('lister', { kind: 'status', code: 400 });
    stack.fake.settings.jobDurationMs = 600_000;
    const late = await stack.client.process({ data: 1, options: { async: true } }, { tenant: 'lister', deadline: 500 });
    await late.result().catch(() => {});
    const running = await stack.client.process({ data: 1, options: { async: true } }, { tenant: 'lister' });
    await waitUntil(
      'all are visible',
      async () => (await list({ tenant: 'lister', status: 'timed_out' })).length === 1,
    );
    await waitUntil('all are visible', async () => (await list({ tenant: 'lister' })).length === 4);

    const byStatus = async (status: RequestSummary['status']) =>
      (await list({ tenant: 'lister', status })).map(({ requestId }) => requestId);
    expect(await byStatus('completed')).toEqual([completed]);
    expect(await byStatus('failed')).toEqual([failed]);
    expect(await byStatus('timed_out')).toEqual([late.requestId]);
    expect(await byStatus('running')).toEqual([running.requestId]);
    expect((await list({ tenant: 'lister' })).map(({ status }) => status)).toEqual([
      'running',
      'timed_out',
      'failed',
      'completed',
    ]);
    expect(await list({ tenant: 'nobody' })).toEqual([]);
    await running.cancel();
  });

  test('[C4] a list has running requests first, the latest started before the others, then the latest ended', async () => {
    const tenant = 'order';
    const start = (deadline?: number) =>
      stack.client.process({ data: 1, options: { async: true } }, { tenant, ...(deadline && { deadline }) });
    stack.fake.settings.jobDurationMs = 600_000;
    const running = await start();
    // Starts before the next one and ends after it.
    const late = await start(3_000);
    const quick = await finished(tenant);
    stack.fake.settings.jobDurationMs = 600_000;
    const latest = await start();
    await late.result().catch(() => {});
    const ids = [latest.requestId, running.requestId, late.requestId, quick];
    await waitUntil('that is the order', async () => {
      return JSON.stringify((await list({ tenant })).map(({ requestId }) => requestId)) === JSON.stringify(ids);
    });
    await Promise.all([latest.cancel(), running.cancel()]);
  });

  test('[C4] a list goes on where the one before it ended', async () => {
    for (let n = 0; n < 5; n++) await finished('pages');
    const all = await waitUntil('all are visible', async () => {
      const requests = await list({ tenant: 'pages', status: 'completed' });
      return requests.length === 5 && requests;
    });
    const first = stack.client.list({ tenant: 'pages', limit: 2 });
    const pages: RequestSummary[] = [];
    for await (const request of first) pages.push(request);
    const cursor = first.nextCursor!;
    for await (const request of stack.client.list({ tenant: 'pages', cursor })) pages.push(request);
    expect(pages).toEqual(all);
    expect(() => stack.client.list({ tenant: 'other', cursor })).toThrow(/same filters/);
  });
});
