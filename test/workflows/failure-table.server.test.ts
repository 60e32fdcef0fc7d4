import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ExternalAPIError } from '../../src/client/index.ts';
import { NOT_FOUND_GRACE_MS } from '../../src/polling/poll-plan.ts';
import { FAILURES, type FailureName } from '../../src/contract/failures.ts';
import type { ScriptedFault } from '../../src/fake-provider/index.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { createSelfSignedCertificate } from '../helpers/self-signed-certificate.ts';
import { waitUntil } from '../helpers/wait-until.ts';

type Fault = ScriptedFault['fault'];

interface Row {
  what: string;
  fault: Fault;
  failure: FailureName;
  /** What the caller reads, beyond the failure's own row. */
  error?: Record<string, unknown>;
}

/** Refused and final rows of a `POST /process`: known to have had no effect, or not to be worth repeating. */
const DECIDED: readonly Row[] = [
  {
    what: '400',
    fault: { kind: 'status', code: 400 },
    failure: 'rejected',
    error: { statusCode: 400, message: /^Bad Request/ },
  },
  { what: '403', fault: { kind: 'status', code: 403 }, failure: 'forbidden', error: { statusCode: 403 } },
  {
    what: '404',
    fault: { kind: 'status', code: 404 },
    failure: 'declined',
    error: { message: /^Unknown error \(status: 404\)/ },
  },
  { what: '409', fault: { kind: 'status', code: 409 }, failure: 'declined', error: { statusCode: 409 } },
  { what: '413', fault: { kind: 'status', code: 413 }, failure: 'rejected', error: { statusCode: 413 } },
  { what: '422', fault: { kind: 'status', code: 422 }, failure: 'rejected', error: { statusCode: 422 } },
  { what: '418', fault: { kind: 'status', code: 418 }, failure: 'declined', error: { statusCode: 418 } },
  {
    what: 'a redirect',
    fault: { kind: 'redirect', location: 'https://elsewhere.example/' },
    failure: 'redirected',
    error: { statusCode: 302 },
  },
  {
    what: 'success: false',
    fault: { kind: 'success-false', error: 'no such model' },
    failure: 'reportedFailure',
    error: { message: /no such model/ },
  },
];

/** Rows after which the provider may have done the work. */
const AMBIGUOUS: readonly Row[] = [
  { what: 'a reset before the body was read', fault: { kind: 'reset-before-read' }, failure: 'connectionLost' },
  { what: 'a reset after the body was read', fault: { kind: 'reset-after-read' }, failure: 'connectionLost' },
  { what: 'a reset after execution', fault: { kind: 'executed-no-answer' }, failure: 'connectionLost' },
  { what: 'half a head, then a reset', fault: { kind: 'headers-then-reset' }, failure: 'connectionLost' },
  { what: 'no answer in time', fault: { kind: 'executed-hang' }, failure: 'noAnswer' },
  {
    what: 'an answer that drips for ever',
    fault: { kind: 'slow-drip', bytes: 1, intervalMs: 300 },
    failure: 'noAnswer',
  },
  {
    what: '500 after execution',
    fault: { kind: 'status', code: 500, executed: true },
    failure: 'serverError',
    error: { message: /(^|\. )Internal Server Error/ },
  },
  { what: '502', fault: { kind: 'status', code: 502 }, failure: 'serverError' },
  {
    what: '503 without Retry-After',
    fault: { kind: 'status', code: 503 },
    failure: 'serverError',
    error: { message: /(^|\. )Service Unavailable/ },
  },
  { what: '504', fault: { kind: 'status', code: 504 }, failure: 'serverError' },
  { what: 'a truncated body', fault: { kind: 'truncated-body' }, failure: 'unreadableReply' },
  { what: 'a body that is no JSON', fault: { kind: 'broken-json' }, failure: 'unreadableReply' },
  { what: 'an empty body', fault: { kind: 'empty-body' }, failure: 'unreadableReply' },
  { what: 'neither a result nor an id', fault: { kind: 'no-result-no-id' }, failure: 'unreadableReply' },
  { what: 'a body over the cap', fault: { kind: 'oversized-body', bytes: 200_000 }, failure: 'unreadableReply' },
];

const LIMITS = { timeoutMs: 800, maxResponseBytes: 100_000 };

async function failureOf(result: Promise<unknown>): Promise<ExternalAPIError> {
  const error: unknown = await result.then(
    () => new Error('It succeeded'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ExternalAPIError)) throw error;
  return error;
}

function expectRow(error: ExternalAPIError, row: Pick<Row, 'failure' | 'error'>): void {
  const { message, ...others } = row.error ?? {};
  expect(error).toMatchObject({ failure: row.failure, outcome: FAILURES[row.failure].outcome, ...others });
  if (message instanceof RegExp) expect(error.message).toMatch(message);
}

// Each mode has a stack of its own. Its tests script one provider, and take turns.
describe.concurrent.each(['none', 'key', 'resend'] as const)('EXTERNAL_API_IDEMPOTENCY=%s', (idempotency) => {
  describe.sequential('one after the other', () => {
    tableOf(idempotency);
  });
});

function tableOf(idempotency: 'none' | 'key' | 'resend'): void {
  let stack: InProcessStack;
  beforeAll(async () => {
    stack = await startInProcessStack({ policy: { idempotency }, provider: LIMITS });
    stack.fake.settings.idempotency = idempotency === 'resend' ? 'ignore' : 'honour';
  });
  beforeEach(() => stack.fake.clearFaults());
  afterAll(() => stack[Symbol.asyncDispose]());

  async function run(fault: Fault, times = 1) {
    stack.fake.script({ endpoint: '/process', times, fault });
    // Nobody is there to decide.
    const handle = await stack.client.process({ data: { at: performance.now() } }, { unknownHold: '50 milliseconds' });
    const submits = () => callsAbout(stack.fake, handle.requestId, '/process');
    return { handle, submits, executed: () => submits().filter(({ executed }) => executed).length };
  }

  test.each(DECIDED)('[M6][M5] process: $what ends the request at once', async (row) => {
    const { handle, submits, executed } = await run(row.fault);
    const error = await failureOf(handle.result());
    expectRow(error, row);
    expect(error.type).toBe(FAILURES[row.failure].type);
    expect([submits().length, executed()]).toEqual([1, 0]);
  });

  test('[M5] process: 401 gets the same token once more while it is young, then one fresh token and one replay', async () => {
    const { handle, submits } = await run({ kind: 'status', code: 401 }, 2);
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect(submits().map(({ statusCode }) => statusCode)).toEqual([401, 401, 200]);
  });

  test.each([
    [429, '0'],
    [429, '1'],
    [503, '1'],
  ])('[M5] process: %i with Retry-After %s is tried again, however often', async (code, retryAfter) => {
    const { handle, submits, executed } = await run(
      { kind: 'status', code, headers: { 'retry-after': retryAfter } },
      4,
    );
    expect(await handle.result()).toMatchObject({ status: 'completed' });
    expect([submits().length, executed()]).toEqual([5, 1]);
  });

  test.each(AMBIGUOUS)(
    `[N1][M6] process: $what ${idempotency === 'none' ? 'is never sent again, and ends as OutcomeUnknown when nobody decides' : 'is sent again'}`,
    async (row) => {
      const { handle, submits, executed } = await run(row.fault);
      if (idempotency === 'none') {
        const error = await failureOf(handle.result());
        expectRow(error, row);
        expect(error.type).toBe('OutcomeUnknown');
        expect(submits()).toHaveLength(1);
      } else {
        expect(await handle.result()).toMatchObject({ status: 'completed' });
        expect(submits()).toHaveLength(2);
        if (idempotency === 'key') expect(executed()).toBe(1);
      }
    },
  );
}

describe('reads and tokens are safe to repeat', () => {
  let stack: InProcessStack;
  beforeAll(async () => {
    stack = await startInProcessStack({ provider: LIMITS });
    stack.fake.settings.jobDurationMs = 0;
  });
  beforeEach(() => {
    stack.fake.clearFaults();
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  test.each(AMBIGUOUS.filter(({ fault }) => fault.kind !== 'no-result-no-id'))(
    '[M5][M6] status: after $what it is asked again',
    async ({ fault }) => {
      stack.fake.script({ endpoint: '/status/{request_id}', times: 2, fault });
      const handle = await stack.client.process({ data: 1, options: { async: true } });
      expect(await handle.result()).toMatchObject({ status: 'completed' });
      expect(stack.count(handle.requestId, '/status/{request_id}')).toBe(3);
    },
  );

  test.each([
    { kind: 'executed-no-answer' },
    { kind: 'executed-hang' },
    { kind: 'status', code: 500 },
    { kind: 'status', code: 429, headers: { 'retry-after': '0' } },
    { kind: 'broken-json' },
  ] satisfies Fault[])('[M5][M2] token: after $kind $code it is asked for again', async (fault) => {
    // The first 401 counts, because a token so young may not be known yet.
    stack.fake.revokeTokens();
    stack.fake.script({ endpoint: '/oauth/token', times: 1, fault });
    const handle = await stack.client.process({ data: 1 });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
  });

  test('[M5][M6] token: invalid_client is final, after the secret was read again', async () => {
    const rejected = await startInProcessStack({
      provider: { credentials: { apiKey: 'demo-api-key', clientId: 'nobody', clientSecret: 'wrong' } },
    });
    const handle = await rejected.client.process({ data: 1 });
    const error = await failureOf(handle.result());
    expectRow(error, { failure: 'invalidClient' });
    expect(error.type).toBe('APIAuthenticationError');
    expect(rejected.fake.ledger.map(({ endpoint }) => endpoint)).toEqual(['/oauth/token', '/oauth/token']);
    await rejected[Symbol.asyncDispose]();
  });
});

test('[M3][M6] status: a 404 that outlasts the grace is final', async () => {
  // The grace is over before the first poll.
  await using stack = await startInProcessStack({ now: () => Date.now() + NOT_FOUND_GRACE_MS });
  stack.fake.script({ endpoint: '/status/{request_id}', fault: { kind: 'status', code: 404 } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  expectRow(await failureOf(handle.result()), {
    failure: 'declined',
    error: { statusCode: 404, outcome: 'ambiguous' },
  });
});

test('[M3][M6] status: a 404 of the token endpoint is no id that the provider does not know yet', async () => {
  await using stack = await startInProcessStack();
  stack.fake.settings.jobDurationMs = 1_000;
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await waitUntil('it is polled', () => stack.count(handle.requestId, '/status/{request_id}') > 0);
  stack.fake.script({ endpoint: '/oauth/token', times: 9, fault: { kind: 'status', code: 404 } });
  stack.fake.revokeTokens();
  expectRow(await failureOf(handle.result()), {
    failure: 'tokenRefused',
    error: { statusCode: 404, outcome: 'ambiguous', message: /^Could not get a token: / },
  });
});

test('[M2][M5] a token that expires while a request is under way is replaced, and the request does not notice', async () => {
  await using stack = await startInProcessStack();
  stack.fake.settings.jobDurationMs = 1_000;
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await waitUntil('it is polled', () => stack.count(handle.requestId, '/status/{request_id}') > 0);
  stack.fake.revokeTokens();
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const answers = stack.calls
    .filter(({ requestId }) => requestId === handle.requestId)
    .map(({ statusCode }) => statusCode);
  // The first one may have come of its youth.
  expect(answers.filter((code) => code === 401)).toHaveLength(2);
  expect(stack.fake.ledger.filter(({ endpoint }) => endpoint === '/oauth/token')).toHaveLength(2);
});

describe('what never left', () => {
  test.each([
    ['a port where nobody listens', 'http://127.0.0.1:1'],
    ['a name that does not resolve', 'http://nowhere.invalid'],
  ])('[M6][M5] %s is tried again, and then the error says so', async (_what, baseUrl) => {
    await using stack = await startInProcessStack({ provider: { baseUrl: new URL(baseUrl) } });
    const handle = await stack.client.process({ data: 1 });
    expectRow(await failureOf(handle.result()), { failure: 'unreachable' });
    expect(stack.calls).toHaveLength(3);
  });

  test('[M6][M18] a certificate that nobody vouches for is tried again, and then the error says so', async () => {
    await using stack = await startInProcessStack({ fake: { host: 'localhost', tls: createSelfSignedCertificate() } });
    const handle = await stack.client.process({ data: 1 });
    expectRow(await failureOf(handle.result()), { failure: 'badCertificate' });
    expect(stack.calls).toHaveLength(3);
    expect(stack.fake.ledger).toEqual([]);
  });

  test('[M6][N8] a proxy that refuses for a while ends no accepted work', async () => {
    await using proxy = await startConnectProxy();
    await using stack = await startInProcessStack({
      provider: { proxy: new URL(proxy.url), connectionAgeMs: 1 },
      policy: { maxRetries: 100 },
    });
    stack.fake.settings.jobDurationMs = 2_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is accepted', () => stack.count(handle.requestId, '/process') > 0);
    proxy.refuse = '407 Proxy Authentication Required';
    const refused = await waitUntil('a call is refused', () =>
      stack.calls.find(({ failure }) => failure === 'unreachable'),
    );
    expect(refused).toMatchObject({ operation: 'status', outcome: 'never-sent' });
    proxy.refuse = null;
    expect(await handle.result()).toMatchObject({ status: 'completed' });
  });
});
