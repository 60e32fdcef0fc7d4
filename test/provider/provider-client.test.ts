import { describe, expect, test } from 'vitest';
import { budgetWith } from '../helpers/call-budget.ts';
import { profileOf } from '../../src/profile/load-profile.ts';
import { startFakeProvider } from '../../src/fake-provider/index.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, CREDENTIALS, failureOf, until, WORK } from './client-under-test.ts';

const RESULT = { processed_data: { ok: true }, metadata: { processing_time: 0.5, version: '2.1' } };

describe('on the wire', () => {
  test('[M1][M2][M4] process is a POST with key, token, idempotency key and the options of the contract', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => reply(res, 200, { success: true, result: RESULT, request_id: 'job-1', more: 1 }),
    });
    await using client = clientFor(`${server.url}/api/v2.1/`);
    const options = { async: false, callbackUrl: 'https://me.example/cb' };
    const answer = await client.process({ data: { a: [1, 'ü'] }, options, idempotencyKey: 'req_7' }, CONTEXT);
    expect(answer).toEqual({
      providerRequestId: 'job-1',
      result: { processedData: { ok: true }, metadata: { processingTime: 0.5, version: '2.1' } },
      retryAfterMs: null,
    });
    expect(server.calls[0]).toMatchObject({ method: 'POST', path: '/api/v2.1/oauth/token' });
    expect(server.calls[1]).toMatchObject({
      method: 'POST',
      path: '/api/v2.1/process',
      headers: {
        authorization: 'Bearer token-1',
        'x-api-key': CREDENTIALS.apiKey,
        'idempotency-key': 'req_7',
        'content-type': 'application/json',
      },
    });
    expect(JSON.parse(server.calls[1]?.body ?? '')).toEqual({
      data: { a: [1, 'ü'] },
      options: { async: false, callback_url: 'https://me.example/cb' },
    });
  });

  test('[M4] without a callback URL the member is left out; a 202 may carry Retry-After', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => reply(res, 202, { success: true, request_id: 'job-1' }, { 'retry-after': '2' }),
    });
    await using client = clientFor(server.url);
    const answer = await client.process(WORK, CONTEXT);
    expect(answer).toEqual({ providerRequestId: 'job-1', result: null, retryAfterMs: 2_000 });
    expect(JSON.parse(server.arrivals()[0]?.body ?? '').options).toEqual({ async: true });
  });

  test('[M3] status is a GET with key and token, and no body', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) =>
        reply(res, 200, {
          request_id: 'job:1~a.b',
          status: 'Completed',
          result: RESULT,
          created_at: '2026-01-02T03:04:05+01:00',
          completed_at: 'yesterday',
        }),
    });
    await using client = clientFor(server.url);
    expect(await client.status('job:1~a.b', CONTEXT)).toMatchObject({
      status: 'Completed',
      phase: 'completed',
      createdAt: '2026-01-02T02:04:05.000Z',
      completedAt: null,
    });
    expect(server.arrivals()).toMatchObject([
      { method: 'GET', path: '/status/job%3A1~a.b', body: '', headers: { 'x-api-key': CREDENTIALS.apiKey } },
    ]);
    expect(server.arrivals()[0]?.headers['idempotency-key']).toBeUndefined();
  });

  test.each(['', '.', '../integration', '../process', 'a/..', 'a b', 'ä', 'x'.repeat(1001)])(
    '[M12][N8] status of %j is refused here',
    async (id) => {
      await using server = await startRawServer();
      await using client = clientFor(server.url);
      expect(await failureOf(client.status(id, CONTEXT))).toMatchObject({ failure: 'rejected', retryable: false });
      expect(server.connections).toEqual([]);
    },
  );

  test('[M1][M2][M3] a whole request against the fake provider', async () => {
    const { apiKey, ...client } = CREDENTIALS;
    await using provider = await startFakeProvider({ credentials: { apiKey, ...client } });
    await using api = clientFor(provider.url);
    const { providerRequestId } = await api.process(WORK, CONTEXT);
    let phase = 'waiting';
    await expect
      .poll(async () => (phase = (await api.status(providerRequestId ?? '', CONTEXT)).phase), { timeout: 10_000 })
      .toBe('completed');
    expect(phase).toBe('completed');
    expect(api.records.every((record) => record.outcome === 'succeeded')).toBe(true);
  });
});

test('[N8][N13] work that was adopted is asked for by the name that another request gave it', async () => {
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 200, { status: 'working' }) });
  const profile = profileOf(
    `name: named
baseUrl: https://api.example.com
reply: { phase: [{ at: /status, waiting: working, completed: done }], result: '' }
submit: { call: 'PUT /jobs/{requestId}' }
poll: { call: 'GET /jobs/{requestId}' }`,
    'named.yaml',
  );
  await using client = clientFor(server.url, { profile, credentials: {} });
  expect(await client.status('req_1', CONTEXT)).toMatchObject({ phase: 'waiting' });
  expect(await client.status('req_0', CONTEXT)).toMatchObject({ phase: 'waiting' });
  expect(server.arrivals().map(({ path }) => path)).toEqual(['/jobs/req_1', '/jobs/req_0']);
});

describe('what the observer is told', () => {
  test('[M14] every call once, with its operation, class, status, duration and count', async () => {
    await using server = await startRawServer({
      onCall: ({ path }, res) => reply(res, path === '/process' ? 202 : 404, { request_id: 'job-1', error: 'gone' }),
    });
    await using client = clientFor(server.url);
    await client.process(WORK, { requestId: 'req_9', count: () => 2, priority: 'bulk' });
    await failureOf(client.status('job-1', { requestId: 'req_9' }));
    const succeeded = {
      outcome: 'succeeded',
      failure: null,
      errorType: null,
      word: null,
      reason: null,
      durationMs: expect.any(Number),
    };
    expect(client.records).toEqual([
      {
        ...succeeded,
        requestId: 'req_9',
        callClass: 'token',
        operation: 'token',
        template: '/oauth/token',
        method: 'POST',
        statusCode: 200,
        retryCount: 2,
      },
      {
        ...succeeded,
        requestId: 'req_9',
        callClass: 'bulk',
        operation: 'submit',
        template: '/process',
        method: 'POST',
        statusCode: 202,
        retryCount: 2,
      },
      {
        requestId: 'req_9',
        callClass: 'poll',
        operation: 'status',
        template: '/status/{request_id}',
        method: 'GET',
        statusCode: 404,
        durationMs: expect.any(Number),
        retryCount: 0,
        outcome: 'final',
        failure: 'declined',
        errorType: 'ExternalAPIError',
        word: null,
        reason: 'Unknown error (status: 404): gone',
      },
    ]);
  });

  test("[N13][M14] the provider's own words: its status word, and what it says of a failure, shortened", async () => {
    const replies = [{ status: 'Running' }, { status: 'failed', error: 'out of film' }, { error: 'x'.repeat(500) }];
    await using server = await startRawServer({
      onCall: (_call, res) => {
        const body = replies.shift();
        reply(res, body?.status === undefined ? 400 : 200, { request_id: 'job-1', ...body });
      },
    });
    await using client = clientFor(server.url);
    await client.status('job-1', { requestId: 'req_9' });
    await client.status('job-1', { requestId: 'req_9' });
    await failureOf(client.status('job-1', { requestId: 'req_9' }));
    const said = client.records.filter(({ operation }) => operation === 'status');
    expect(said.map(({ word, reason }) => [word, reason?.length ?? null])).toEqual([
      ['Running', null],
      ['failed', null],
      [null, 201],
    ]);
  });
});

test.each([
  ['a policy', { 'ratelimit-policy': '"default";q=7;w=60' }, { lowered: 7 }],
  ['what is left', { ratelimit: '"default";r=0;t=30' }, { closedBy: 'budget' }],
  ['a limit that is higher than ours', { 'x-ratelimit-limit': '5000' }, { lowered: null, closedBy: null }],
  ['nonsense', { ratelimit: 'r=;;', 'ratelimit-policy': 'q=-1', 'x-ratelimit-limit': '-3' }, { lowered: null }],
])("[M9] the provider's word on its limit is heeded where it lowers ours: %s", async (_, headers, expected) => {
  await using server = await startRawServer({
    onCall: (_call, res) => {
      for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
      reply(res, 202, { request_id: 'job-1' });
    },
  });
  const budget = budgetWith();
  await using client = clientFor(server.url, { budget });
  await client.process(WORK, CONTEXT);
  expect(await budget.state()).toMatchObject(expected);
});

describe('beforeSend', () => {
  test('[N2] a submit with a permit is not sent when another call is refused while its intent is recorded', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    const budget = budgetWith();
    await using client = clientFor(server.url, { budget });
    const beforeSend = async (): Promise<void> => {
      await budget.ended(await budget.enter('poll', 'status'), { type: 'refused', retryAfterMs: 60_000 });
    };
    const error = await failureOf(client.process(WORK, { ...CONTEXT, beforeSend }));
    expect(error).toMatchObject({ failure: 'coolingDown', outcome: 'never-sent' });
    expect(server.calls.filter(({ path }) => path === '/process')).toEqual([]);
    // The token and the refused call.
    expect((await budget.state()).used).toBe(2);
  });

  test('[N1] is awaited after the token is there and before the POST leaves', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url);
    const seen: string[][] = [];
    const beforeSend = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(server.calls.map((call) => call.path));
    };
    await client.process(WORK, { ...CONTEXT, beforeSend });
    expect(seen).toEqual([['/oauth/token']]);
    expect(server.arrivals()).toHaveLength(1);
  });

  test('[N1] when it throws, nothing is sent and its error comes out', async () => {
    await using server = await startRawServer();
    await using client = clientFor(server.url);
    const lost = new Error('task lost');
    const failed = client.process(WORK, { ...CONTEXT, beforeSend: () => Promise.reject(lost) });
    await expect(failed).rejects.toBe(lost);
    expect(server.arrivals()).toEqual([]);
    expect(client.records).toMatchObject([{ operation: 'token' }]);
  });
});

describe('an aborted signal', () => {
  test('[C4] rejects with its own reason and ends the call', async () => {
    await using server = await startRawServer({ onCall: () => {} });
    await using client = clientFor(server.url);
    const abort = new AbortController();
    const reason = new Error('cancelled');
    const failed = client.process(WORK, { ...CONTEXT, signal: abort.signal });
    failed.catch(() => {});
    await until(() => server.arrivals().length === 1);
    abort.abort(reason);
    await expect(failed).rejects.toBe(reason);
    await until(() => server.connections[1]?.destroyed === true);
    expect(client.records.at(-1)).toMatchObject({ outcome: 'ambiguous', failure: null, errorType: null });
    expect(client.pool.inUse).toBe(0);
  });

  test('[C4] while the token is on its way, sends nothing, and leaves the token to the others', async () => {
    let grant = (): void => {};
    await using server = await startRawServer({
      onToken: (_call, res) => void (grant = () => reply(res, 200, { access_token: 't', expires_in: 60 })),
      onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    const abort = new AbortController();
    const gaveUp = client.process(WORK, { ...CONTEXT, signal: abort.signal });
    gaveUp.catch(() => {});
    const stayed = client.process(WORK, CONTEXT);
    await until(() => server.calls.length === 1);
    abort.abort(new Error('enough'));
    await expect(gaveUp).rejects.toThrow('enough');
    grant();
    await stayed;
    expect(server.calls.map((call) => call.path)).toEqual(['/oauth/token', '/process']);
  });

  test('[C4] that was aborted before makes no call at all', async () => {
    await using server = await startRawServer();
    await using client = clientFor(server.url);
    const signal = AbortSignal.abort(new Error('before'));
    await expect(client.process(WORK, { ...CONTEXT, signal })).rejects.toThrow('before');
    expect(server.connections).toEqual([]);
    expect(client.records).toEqual([]);
  });
});

test('[M8] an API key that no header can carry is refused at once, without being shown', () => {
  expect(() => clientFor('http://127.0.0.1', { credentials: { ...CREDENTIALS, apiKey: 'kéy\n' } })).toThrow(
    /^apiKey cannot be sent in a header/,
  );
});
