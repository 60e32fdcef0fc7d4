import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RequestHandle } from '../../src/client/index.ts';
import type { ScriptedFault } from '../../src/fake-provider/index.ts';
import { unknownIn } from '../helpers/event-line.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { LoggedStack, parseLog } from './logged-stack.ts';

const POLL = '/status/{request_id}';
const WHO = { by: 'ann', reason: 'looked at the provider' };
const ASYNC = { async: true };
const refuse = (code: number, endpoint: ScriptedFault['endpoint'] = '/process', times = 1): ScriptedFault => ({
  endpoint,
  times,
  fault: { kind: 'status', code },
});
const LOST: ScriptedFault = { endpoint: '/process', fault: { kind: 'executed-no-answer' } };
const LONG: ScriptedFault = { endpoint: '/process', fault: { kind: 'job', durationMs: 60_000 } };

let logged: LoggedStack;

beforeAll(async () => {
  logged = await LoggedStack.start();
});
afterAll(() => logged[Symbol.asyncDispose]());

const END = { event: 'external_api_request_ended', tenant: 'default', duration: expect.any(Number) as unknown };
const HELD = { level: 'warn', event: 'external_api_outcome_unknown', error_type: 'OutcomeUnknown', submits: 1 };

describe('one end of a request is one line', () => {
  type Ending = [title: string, faults: ScriptedFault[], run: () => Promise<RequestHandle>, ...expected: object[]];
  const endings: Ending[] = [
    [
      'completed at once',
      [],
      () => logged.request(1),
      { level: 'info', status: 'completed', source: 'provider', submits: 1, status_calls: 0 },
    ],
    [
      'completed after retries of its polls',
      [refuse(500, POLL, 2)],
      () => logged.request(1, ASYNC),
      {
        level: 'info',
        status: 'completed',
        provider_request_id: expect.any(String),
        submits: 1,
        status_calls: 3,
        durations: Object.fromEntries(
          ['queued', 'authenticating', 'submitting', 'processing'].map((status) => [
            status,
            expect.any(Number) as unknown,
          ]),
        ),
      },
    ],
    [
      'completed after a wait that the provider asked for',
      [{ endpoint: '/process', fault: { kind: 'status', code: 429, headers: { 'retry-after': '1' } } }],
      () => logged.request(1),
      { level: 'info', status: 'completed', submits: 2 },
    ],
    [
      'failed by a refusal',
      [refuse(400)],
      () => logged.request(1),
      {
        level: 'error',
        status: 'failed',
        error_type: 'ExternalAPIError',
        failure: 'rejected',
        outcome: 'final',
        status_code: 400,
        retryable: false,
        reason: 'Bad Request: Bad Request',
        msg: 'The request is failed: Bad Request: Bad Request',
        submits: 1,
      },
    ],
    [
      'failed with its tries used up',
      [refuse(500, POLL, 3)],
      () => logged.request(1, ASYNC),
      {
        level: 'error',
        status: 'failed',
        provider_request_id: expect.any(String),
        failure: 'serverError',
        status_calls: 3,
      },
    ],
    [
      'timed out',
      [LONG],
      () => logged.request(1, { ...ASYNC, deadline: '3 seconds' }),
      { level: 'error', status: 'timed_out', error_type: 'APITimeoutError', provider_request_id: expect.any(String) },
    ],
    [
      'cancelled while the provider works on it',
      [LONG],
      async () => {
        const handle = await logged.request(1, ASYNC);
        await logged.until(handle, 'processing');
        await handle.cancel();
        return handle;
      },
      {
        level: 'info',
        status: 'cancelled',
        cancellation: 'no_longer_watched',
        provider_request_id: expect.any(String),
      },
    ],
    [
      'cancelled before anything was done',
      [{ endpoint: '/process', fault: { kind: 'status', code: 409, headers: { 'retry-after': '60' } } }],
      async () => {
        const handle = await logged.request(1);
        await waitUntil('it waits', async () => typeof (await handle.status()).waitingFor?.until === 'string');
        await handle.cancel();
        return handle;
      },
      { level: 'info', status: 'cancelled', cancellation: 'nothing_sent', status_calls: 0 },
    ],
    [
      'unknown, and resubmitted by a person',
      [LOST],
      async () => {
        const handle = await logged.request(1);
        await logged.until(handle, 'outcome_unknown');
        await logged.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
        return handle;
      },
      { ...HELD, failure: 'connectionLost', hold_until: expect.any(String) },
      { level: 'info', event: 'external_api_outcome_decided', decision: 'resubmit', ...WHO, held: expect.any(Number) },
      { level: 'info', status: 'completed', submits: 2 },
    ],
    [
      'unknown, and abandoned by a person',
      [LOST],
      async () => {
        const handle = await logged.request(1);
        await logged.until(handle, 'outcome_unknown');
        await logged.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
        return handle;
      },
      HELD,
      {
        level: 'error',
        status: 'failed',
        error_type: 'OutcomeUnknown',
        reason: expect.stringMatching(/^Abandoned by ann/),
      },
    ],
    [
      'unknown, and nobody decided',
      [LOST],
      () => logged.request(1, { unknownHold: '1 second' }),
      HELD,
      {
        level: 'error',
        status: 'failed',
        error_type: 'OutcomeUnknown',
        reason: expect.stringMatching(/^Nobody decided/),
      },
    ],
    [
      'unknown, and adopted by a person as a callback has it',
      [LOST],
      async () => {
        const handle = await logged.request(1, ASYNC);
        await logged.until(handle, 'outcome_unknown');
        const job = logged.stack.fakeProvider.ledger.findLast((call) => call.idempotencyKey === handle.requestId);
        const providerRequestId = job?.providerRequestId ?? '';
        await logged.client.callback(handle.requestId, { providerRequestId });
        await logged.client.resolve(handle.requestId, { decision: 'adopt', providerRequestId, ...WHO });
        return handle;
      },
      HELD,
      { level: 'info', event: 'external_api_outcome_decided', decision: 'adopt', ...WHO, held: expect.any(Number) },
      { level: 'info', status: 'completed', submits: 1, provider_request_id: expect.any(String) },
    ],
    [
      'unknown, and cancelled',
      [LOST],
      async () => {
        const handle = await logged.request(1);
        await logged.until(handle, 'outcome_unknown');
        await handle.cancel();
        return handle;
      },
      HELD,
      { level: 'info', status: 'cancelled', cancellation: 'outcome_unknown' },
    ],
    [
      'answered from the cache',
      [],
      async () => {
        await (await logged.request(77, { cache: 'refresh' })).result();
        return await logged.request(77, { cache: 'read' });
      },
      { level: 'info', status: 'completed', source: 'cache', cached_at: expect.any(String), submits: 0 },
    ],
    [
      'completed by a fallback: the failure is told, once',
      [],
      async () => {
        const options = { async: true, cache: 'refresh' } as const;
        await (await logged.request(78, options)).result();
        logged.stack.fakeProvider.script(refuse(500, POLL, 3));
        return await logged.request(78, options);
      },
      {
        level: 'error',
        status: 'completed',
        source: 'fallback',
        failure: 'serverError',
        cached_at: expect.any(String),
      },
    ],
  ];
  test.each(endings)('[M14] %s', async (_title, faults, run, ...expected) => {
    logged.stack.fakeProvider.clearFaults();
    logged.stack.fakeProvider.script(...faults);
    const lines = await logged.told(await run());
    const isLast = (n: number): boolean => n === expected.length - 1;
    expect(lines).toEqual(
      expected.map((line, n) => expect.objectContaining({ ...(isLast(n) && END), ...line }) as unknown),
    );
  });
});

test('[M14] a worker tells once that it takes work, and once that it no longer does', { timeout: 60_000 }, async () => {
  const next = await logged.stack.nextWorker();
  await next.stop();
  expect(parseLog(next.output())).toEqual([
    expect.objectContaining({ level: 'info', event: 'worker_ready' }),
    expect.objectContaining({ level: 'info', event: 'worker_unready', reason: 'it ends' }),
  ]);
});

test('[M14] every line of the worker is an event, of a level and with the members that the table of events has', () => {
  const lines = logged.lines();
  expect(lines.map(unknownIn)).toEqual(lines.map(() => null));
  const told = new Set(lines.map(({ event }) => event));
  expect([...told]).toEqual(
    expect.arrayContaining([
      'external_api_request',
      'external_api_request_ended',
      'external_api_outcome_unknown',
      'external_api_outcome_decided',
    ]),
  );
});
