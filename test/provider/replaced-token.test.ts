import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { APIAuthenticationError } from '../../src/contract/errors.ts';
import { reply, startRawServer, type ArrivedCall } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, WORK } from './client-under-test.ts';

const bearerOf = (call: ArrivedCall): string | undefined => call.headers.authorization;
const bearer = (token: string): string => `Bearer ${token}`;

describe('sharing a token', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());
  /** Every server of the provider knows a token that is so old. */
  const grow = (): unknown => vi.setSystemTime(Date.now() + 10_000);

  test('[M2] 200 callers at once on a cold start: one token call', async () => {
    await using server = await startRawServer({ onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }) });
    await using client = clientFor(server.url);
    await Promise.all(Array.from({ length: 200 }, () => client.process(WORK, CONTEXT)));
    expect(server.calls.filter((call) => call.path === '/oauth/token')).toHaveLength(1);
    expect(new Set(server.arrivals().map(bearerOf))).toEqual(new Set(['Bearer token-1']));
  });

  test('[M5] a 401 drops the token, gets one fresh one, and is replayed once', async () => {
    await using server = await startRawServer({
      onCall: (call, res) =>
        bearerOf(call) === 'Bearer token-1' ? reply(res, 401, {}) : reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    await client.authenticate(CONTEXT);
    grow();
    let intents = 0;
    const beforeSend = async (): Promise<void> => void intents++;
    const made = { submit: 1, token: 0, status: 0, cancel: 0, result: 0, lookup: 0 };
    await client.process(WORK, { ...CONTEXT, count: (operation) => made[operation]++, beforeSend });
    expect(server.calls.map((call) => call.path)).toEqual(['/oauth/token', '/process', '/oauth/token', '/process']);
    expect(server.arrivals().map((call) => call.headers['idempotency-key'])).toEqual(['req_1', 'req_1']);
    expect(client.generations).toEqual([1, 2]);
    expect(intents).toBe(2);
    expect(client.records.filter((record) => record.operation === 'submit')).toMatchObject([
      {
        statusCode: 401,
        retryCount: 1,
        outcome: 'refused',
        failure: 'unauthorized',
        errorType: 'APIAuthenticationError',
      },
      { statusCode: 202, retryCount: 2, outcome: 'succeeded' },
    ]);
  });

  test.each(['process', 'status'] as const)(
    '[M5][M6] %s: a 401 to a young token -> the same one is used once more, later, and then a fresh one',
    async (name) => {
      await using server = await startRawServer({ onCall: (_call, res) => reply(res, 401, { error: 'no' }) });
      await using client = clientFor(server.url);
      const called = () =>
        failureOf(name === 'process' ? client.process(WORK, CONTEXT) : client.status('job-1', CONTEXT));
      const tooNew = {
        failure: 'tokenTooNew',
        type: 'APIAuthenticationError',
        outcome: 'refused',
        retryable: true,
        retryAfter: 2,
        message: 'Unauthorized: no (the token is less than 10 s old)',
      };
      expect(await Promise.all([called(), called()])).toMatchObject([tooNew, tooNew]);
      expect(client.generations).toEqual([1]);
      vi.setSystemTime(Date.now() + 2_000);
      expect(await called()).toMatchObject(tooNew);
      expect(server.arrivals().map(bearerOf)).toEqual(['token-1', 'token-1', 'token-1', 'token-2'].map(bearer));
    },
  );

  test('[M5][M6] a token that the provider knows 0.7 s after it gave it out: nothing fails', async () => {
    let issuedAt = Infinity;
    await using server = await startRawServer({
      onToken: (_call, res) => {
        issuedAt = Date.now();
        reply(res, 200, { access_token: 't1', expires_in: 600 });
      },
      onCall: (_call, res) =>
        Date.now() < issuedAt + 700 ? reply(res, 401, {}) : reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    const calls = () => Promise.allSettled(Array.from({ length: 8 }, () => client.process(WORK, CONTEXT)));
    const first = await calls();
    expect(first.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'rejected'));
    vi.setSystemTime(Date.now() + 2_000);
    const second = await calls();
    expect(second.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 'fulfilled'));
    expect(client.generations).toEqual([1]);
  });

  test('[M5] a 401 that asks to wait, also with a fresh token of a slow provider, is waited for', async () => {
    let calls = 0;
    await using server = await startRawServer({
      onCall: (_call, res) => {
        // The answer takes so long that the token is young no more.
        grow();
        calls++;
        reply(res, 401, {}, { 'retry-after': '7' });
      },
    });
    await using client = clientFor(server.url);
    expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({
      failure: 'askedToWait',
      statusCode: 401,
      retryAfter: 7,
      outcome: 'refused',
    });
    expect(calls).toBe(2);
  });

  test('[M5][M6] 401 again, with a fresh token that is young no more -> unauthorized, final', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => {
        grow();
        reply(res, 401, { error: 'no' });
      },
    });
    await using client = clientFor(server.url);
    const error = await failureOf(client.process(WORK, CONTEXT));
    expect(error).toBeInstanceOf(APIAuthenticationError);
    expect(error).toMatchObject({ failure: 'unauthorized', retryable: false, message: 'Unauthorized: no' });
    expect(server.arrivals()).toHaveLength(2);
    expect(client.generations).toEqual([1, 2]);
  });

  test('[M5] 50 callers whose token was revoked share one fresh one', async () => {
    await using server = await startRawServer({
      onCall: (call, res) =>
        bearerOf(call) === 'Bearer token-1' ? reply(res, 401, {}) : reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    await client.authenticate(CONTEXT);
    grow();
    await Promise.all(Array.from({ length: 50 }, () => client.process(WORK, CONTEXT)));
    expect(client.generations).toEqual([1, 2]);
  });

  test('[M2] a token without life is used for the call that asked, and fetched anew for the next', async () => {
    await using server = await startRawServer({
      onToken: (_call, res, n) => reply(res, 200, { access_token: `t${n}`, expires_in: -5 }),
      onCall: (_call, res) => reply(res, 202, { request_id: 'job-1' }),
    });
    await using client = clientFor(server.url);
    await client.process(WORK, CONTEXT);
    await client.process(WORK, CONTEXT);
    expect(server.arrivals().map(bearerOf)).toEqual(['Bearer t1', 'Bearer t2']);
  });
});
