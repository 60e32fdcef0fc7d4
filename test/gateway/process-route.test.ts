import { request as httpRequest } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { RequestCancelledError, TemporalUnavailableError } from '../../src/client/client-errors.ts';
import { createExternalAPIError } from '../../src/contract/errors.ts';
import type { ErrorDetails } from '../../src/contract/failures.ts';
import { acceptedResponse } from '../../src/gateway/wire-schemas.ts';
import { ACME, OTHER, problemOf, startGateway } from './running-gateway.ts';

const input = { data: { text: 'hello' } };

describe('synchronous', () => {
  test('[M19][M1] a result that comes in time is the answer, under our own id and in the shape of the contract', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    client.complete(client.lastId, 'HELLO');
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      success: true,
      result: { processed_data: 'HELLO', metadata: { processing_time: 1.5, version: '2.1' } },
      request_id: client.lastId,
    });
  });

  test('[M19] a request that takes longer than the wait is answered 202 with where and when to ask', async () => {
    const { client, post, status } = await startGateway({ syncWaitMs: 20 });
    const response = await post(input);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ success: true, request_id: client.lastId });
    expect(response.headers.get('location')).toBe(`/api/external/status/${client.lastId}`);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await status(client.lastId)).status).toBe(200);
  });

  test('[M19] a Temporal that goes away after the start does not turn a taken request into an error', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    client.fail(client.lastId, new TemporalUnavailableError());
    expect((await answer).status).toBe(202);
  });

  test('[M19] a caller that hangs up ends the wait, not the request', async () => {
    const { client, url, log } = await startGateway();
    const call = httpRequest(`${url}/api/external/process`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ACME}`, 'content-type': 'application/json' },
    });
    call.on('error', () => {});
    call.end(JSON.stringify(input));
    await vi.waitUntil(() => client.waits.length === 1);
    call.destroy();
    // Its FIN alone does not say that it is gone.
    await vi.waitUntil(() => client.waits[0]?.aborted, { timeout: 10_000 });
    expect((await client.status(client.lastId)).status).toBe('processing');
    expect(log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  // The whole table stands in failed-request.test.ts.
  const failures: [string, Partial<ErrorDetails>, number, string | null][] = [
    ['ExternalAPIError', { failure: 'rejected', statusCode: 400, outcome: 'final' }, 422, null],
    [
      'APIRateLimitError',
      { failure: 'rateLimited', statusCode: 429, outcome: 'refused', retryable: true, retryAfter: 7 },
      503,
      '7',
    ],
    ['ExternalAPIError', { failure: 'serverError', outcome: 'ambiguous', providerRequestId: 'job-1' }, 502, null],
    ['OutcomeUnknown', { outcome: 'ambiguous' }, 502, null],
    ['OutcomeUnknown', { failure: 'reportedFailure', outcome: 'ambiguous' }, 502, null],
  ];
  test.each(failures)(
    '[M6][M19] E5: %s %j ends as %i, and says what the provider may have done',
    async (type, details, status, retryAfter) => {
      const { client, post } = await startGateway();
      const answer = post(input);
      await vi.waitUntil(() => client.waits.length === 1);
      client.fail(client.lastId, createExternalAPIError(type, 'what the provider said', details));
      const response = await answer;
      expect(response.status).toBe(status);
      expect(response.headers.get('retry-after')).toBe(retryAfter);
      expect(await problemOf(response)).toEqual({
        type: 'about:blank',
        title: expect.any(String),
        status,
        detail: 'what the provider said',
        error: type,
        request_id: client.lastId,
        instance: `/api/external/status/${client.lastId}`,
        ...(details.outcome && { outcome: details.outcome }),
        ...(details.providerRequestId && { provider_request_id: details.providerRequestId }),
      });
    },
  );

  test('[N18][M19] E12: the problem of a request that was sent again names the one that repeats it', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    const retriedBy = `req_${'9'.repeat(26)}`;
    client.change(client.lastId, { status: 'failed', retriedBy });
    client.fail(
      client.lastId,
      createExternalAPIError('APIAuthenticationError', 'no such client', { outcome: 'refused' }),
    );
    expect(await problemOf(await answer)).toMatchObject({ request_id: client.lastId, retried_by: retriedBy });
  });

  test('[N1][M6] work that is done, but whose result is too large to keep, is a 502 with the id that finds it', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    const details = { failure: 'resultTooLarge', outcome: 'final', providerRequestId: 'job-9' } as const;
    client.fail(client.lastId, createExternalAPIError('ResultTooLargeError', 'too large', details));
    expect(await problemOf(await answer)).toMatchObject({
      status: 502,
      error: 'ResultTooLargeError',
      request_id: client.lastId,
      provider_request_id: 'job-9',
    });
  });

  test('[M19] a request that is cancelled while its caller waits is a 409', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    client.fail(client.lastId, new RequestCancelledError(client.lastId));
    expect(await problemOf(await answer)).toMatchObject({ status: 409, error: 'RequestCancelledError' });
  });

  test('[M19][N7] an unexpected error is a 500 that says nothing of its cause, which the log has', async () => {
    const { client, post, log } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    client.fail(client.lastId, new Error('secret cause'));
    const problem = await problemOf(await answer);
    expect(problem).toMatchObject({ status: 500, error: 'InternalError', request_id: client.lastId });
    expect(JSON.stringify(problem)).not.toContain('secret cause');
    await vi.waitUntil(() => log.length > 0);
    expect(log.filter(({ level }) => level !== 'info' && level !== 'debug')).toEqual([
      expect.objectContaining({
        level: 'error',
        event: 'gateway_request',
        status_code: 500,
        request_id: client.lastId,
        err: expect.objectContaining({ message: 'secret cause', stack: expect.any(String) }),
      }),
    ]);
  });
});

describe('the response cache', () => {
  test.each([
    [undefined, { cache: 'read' }],
    ['no-transform, only-if-cached=1, max-age=soon', { cache: 'read' }],
    ['max-age=60', { cache: 'read', cacheMaxAge: 60_000 }],
    ['no-transform, Max-Age=999999999', { cache: 'read', cacheMaxAge: 604_800_000 }],
    ['max-age=0', { cache: 'refresh' }],
    ['no-cache', { cache: 'refresh' }],
    ['No-Cache, max-age=60', { cache: 'refresh' }],
    ['no-store', { cache: 'off' }],
    ['no-cache,no-store', { cache: 'off' }],
  ])('[M11][M19] Cache-Control: %s asks for %j', async (header, use) => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    await post(input, header === undefined ? {} : { 'cache-control': header });
    const idempotencyKey = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(client.requests.get(client.lastId)?.asked).toEqual({ idempotencyKey, ...use });
  });

  test('[M11][M19] with a key of its own the caller means it twice, as in the client', async () => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    await post(input, { 'idempotency-key': 'order-1' });
    expect(client.requests.get(client.lastId)?.asked).toEqual({ idempotencyKey: 'order-1' });
  });

  test('[M11][M19] an earlier answer is marked, and its age is told in seconds', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    const cachedAt = new Date(Date.now() - 90_000).toISOString();
    client.complete(client.lastId, 'HELLO', { source: 'cache', cachedAt });
    const response = await answer;
    expect(Number(response.headers.get('age'))).toBeGreaterThanOrEqual(90);
    expect(Number(response.headers.get('age'))).toBeLessThan(95);
    const body: unknown = await response.json();
    expect(body).toMatchObject({ source: 'cache', result: { processed_data: 'HELLO' } });
    expect(body).not.toHaveProperty('error');
  });

  test('[M13][M19] a result of the fallback is a 200 that is marked, with the failure that led to it', async () => {
    const { client, post } = await startGateway();
    const answer = post(input);
    await vi.waitUntil(() => client.waits.length === 1);
    const error = {
      type: 'ExternalAPIError',
      message: 'Service Unavailable',
      statusCode: 503,
      retryable: true,
      outcome: null,
    } as const;
    client.complete(client.lastId, 'OLD', { source: 'fallback', error });
    const response = await answer;
    expect([response.status, response.headers.get('age')]).toEqual([200, null]);
    expect(await response.json()).toMatchObject({
      source: 'fallback',
      error: {
        type: 'ExternalAPIError',
        message: 'Service Unavailable',
        status_code: 503,
        retryable: true,
        outcome: null,
      },
    });
  });
});

describe('asynchronous', () => {
  test('[M4][M19] options.async is answered 202 at once, and both options reach the client', async () => {
    const { client, post } = await startGateway();
    const response = await post({ ...input, options: { async: true, callback_url: 'https://me.example.com/done' } });
    expect(response.status).toBe(202);
    expect(client.waits).toEqual([]);
    expect(client.requests.get(client.lastId)?.input).toEqual({
      data: { text: 'hello' },
      options: { async: true, callbackUrl: 'https://me.example.com/done' },
    });
  });

  test('[M19] options and their members may be null', async () => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    expect((await post({ data: 0, options: null })).status).toBe(202);
    expect((await post({ data: false, options: { async: null, callback_url: null } })).status).toBe(202);
  });
});

describe('idempotency', () => {
  test('[M19] the same key and body is the same request; another body is a 422 that names the first', async () => {
    const { post } = await startGateway({ syncWaitMs: 0 });
    const headers = { 'idempotency-key': 'order-1' };
    const first = acceptedResponse.parse(await (await post(input, headers)).json());
    expect(await (await post(input, headers)).json()).toEqual(first);
    expect(await problemOf(await post({ data: 2 }, headers))).toMatchObject({
      status: 422,
      error: 'IdempotencyConflictError',
      request_id: first.request_id,
    });
  });

  test('[M19] keys of different tenants never meet', async () => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    await post(input, { 'idempotency-key': 'order-1' });
    await post(input, { 'idempotency-key': 'order-1', authorization: `Bearer ${OTHER}` });
    expect([...client.requests.values()].map(({ snapshot }) => snapshot.tenant)).toEqual(['acme', 'other']);
  });

  test('[M19] a key in quotes, as the draft has it, and a bare one are the same', async () => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    const pairs = [
      ['order-1', '"order-1"'],
      ['a\\b"c', String.raw`"a\\b\"c"`],
      ['with-parameters', '"with-parameters";v=1'],
    ];
    for (const [bare = '', quoted = ''] of pairs) {
      const first = acceptedResponse.parse(await (await post(input, { 'idempotency-key': bare })).json());
      expect(await (await post(input, { 'idempotency-key': quoted })).json()).toEqual(first);
      expect(client.requests.get(client.lastId)?.asked.idempotencyKey).toBe(bare);
    }
    expect(client.requests.size).toBe(pairs.length);
  });

  test.each([
    'two words',
    'x'.repeat(256),
    'h\u00e4',
    '""',
    '"two words"',
    '"open',
    '"a" "b"',
    '"a", "b"',
    `"${'x'.repeat(256)}"`,
    String.raw`"a\x"`,
  ])('[M12] Idempotency-Key %j is refused', async (key) => {
    const { client, post } = await startGateway({ syncWaitMs: 0 });
    const problem = await problemOf(await post(input, { 'idempotency-key': key }));
    expect(problem).toMatchObject({ status: 400, errors: [{ path: 'header idempotency-key' }] });
    expect(client.requests.size).toBe(0);
  });
});
