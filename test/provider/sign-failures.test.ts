import { describe, expect, test, vi } from 'vitest';
import type { SignRequest } from '../../src/provider/signature.ts';
import { budgetWith } from '../helpers/call-budget.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { CONTEXT, failureOf, until, WORK } from './client-under-test.ts';
import { signedClient, taken } from './signed-client.ts';

const KEY = 'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu/x, Signature="5da7c1a2acd57cee"';

describe('a hook that fails', () => {
  test.each<[string, SignRequest, string]>([
    [
      'throws',
      () => {
        throw new TypeError('canary-value');
      },
      'failed with TypeError',
    ],
    [
      'rejects',
      () => Promise.reject(Object.assign(new Error('canary-value'), { code: 'ERR_OSSL' })),
      'failed with Error ERR_OSSL',
    ],
    [
      'rejects with a code that is a text',
      () => Promise.reject(Object.assign(new Error(), { code: `canary-value ${'x'.repeat(10_000)}` })),
      'failed with Error',
    ],
    [
      'rejects with what cannot be read',
      () => Promise.reject(Object.defineProperty(new Error(), 'constructor', { value: undefined })),
      'failed with what cannot be read',
    ],
    [
      'gives a getter that throws',
      () => ({
        get authorization(): string {
          throw new RangeError('canary-value');
        },
      }),
      'failed with RangeError',
    ],
    [
      'gives a proxy that throws',
      () =>
        new Proxy<Record<string, string>>(
          {},
          {
            ownKeys() {
              throw new RangeError('canary-value');
            },
          },
        ),
      'failed with RangeError',
    ],
    ['rejects with a text', () => Promise.reject('canary-value'), 'failed with what is no Error'],
  ])('[N13][N7][N1] %s: never-sent, to be tried again, and its message is not told', async (_, sign, says) => {
    await using server = await startRawServer({ onCall: taken });
    await using client = signedClient(server.url, sign);
    const error = await failureOf(client.status('job-1', CONTEXT));
    expect(error).toMatchObject({
      failure: 'notSigned',
      outcome: 'never-sent',
      retryable: true,
      providerRequestId: 'job-1',
      message: `Nothing was sent: the sign hook ${says}`,
    });
    expect(error.cause).toBeUndefined();
    expect(server.connections).toEqual([]);
    // It says nothing of the provider, and leaves its place to the next call.
    expect(client.isDown).toBe(false);
    expect(client.pool.inUse).toBe(0);
  });

  test('[N13][N1] hangs: after 5 s its signal aborts, and nothing is sent', async () => {
    await using server = await startRawServer({ onCall: taken });
    let signal: AbortSignal | undefined;
    await using client = signedClient(server.url, async (_request, context) => {
      signal = context.signal;
      return await new Promise(() => {});
    });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const failing = failureOf(client.process(WORK, CONTEXT));
      await vi.waitUntil(() => signal !== undefined, { interval: 0 });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await failing).toMatchObject({
        failure: 'notSigned',
        message: 'Nothing was sent: the sign hook gave nothing within 5 s',
      });
    } finally {
      vi.useRealTimers();
    }
    expect(signal?.aborted).toBe(true);
    expect(server.connections).toEqual([]);
  });

  test('[N13] an abort ends the call with its reason while it signs, and nothing is sent', async () => {
    await using server = await startRawServer({ onCall: taken });
    let signal: AbortSignal | undefined;
    await using client = signedClient(server.url, async (_request, context) => {
      signal = context.signal;
      return await new Promise(() => {});
    });
    const abort = new AbortController();
    const call = client.process(WORK, { ...CONTEXT, signal: abort.signal });
    call.catch(() => {});
    await until(() => signal !== undefined);
    const reason = new Error('enough');
    abort.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(signal?.reason).toBe(reason);
    expect(server.connections).toEqual([]);
  });

  test('[N13][M9] what was not signed counts for no call: its permit is given back', async () => {
    await using server = await startRawServer({ onCall: taken });
    let fails = true;
    const sign = (): Record<string, string> => {
      if (fails) throw new Error('not now');
      return {};
    };
    await using client = signedClient(server.url, sign, { budget: budgetWith({ limit: 1 }) });
    for (let n = 0; n < 3; n++) {
      expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'notSigned' });
    }
    fails = false;
    expect(await client.process(WORK, CONTEXT)).toMatchObject({ providerRequestId: 'job-1' });
  });
});

describe('what it adds is a secret', () => {
  const PARTS = [KEY, '5da7c1a2acd57cee', 'AKIDEXAMPLE/20260101/eu/x', 'Signature="5da7c1a2acd57cee"'];
  const echoes = PARTS.flatMap((part) => [
    [400, { why: `bad header ${part}!` }],
    [500, { why: `(${part})` }],
    [200, { state: 'broken', why: part }],
    [200, { state: part }],
  ]) as [number, object][];
  test.each(echoes)(
    '[N7][N13] a provider that answers %i with %j does not put it into an error',
    async (status, body) => {
      await using server = await startRawServer({ onCall: (_call, res) => reply(res, status, body) });
      await using client = signedClient(server.url, () => ({ Authorization: KEY }));
      const submitted = await failureOf(client.process(WORK, CONTEXT));
      const polled = await client.status('job-1', CONTEXT).catch((error: unknown) => error);
      const told = [submitted.message, JSON.stringify(polled), polled instanceof Error ? polled.message : ''].join();
      for (const secret of ['AKIDEXAMPLE', '5da7c1a2acd57cee']) expect(told).not.toContain(secret);
      expect(told).toContain('[redacted]');
    },
  );

  test('[N7][N13] the words around it stay: `Bearer` is no secret', async () => {
    await using server = await startRawServer({
      onCall: (_call, res) => reply(res, 400, { why: 'Bearer token eyJhbGciOiJSUzI1NiJ9.e30.abc is over' }),
    });
    await using client = signedClient(server.url, () => ({ Authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.abc' }));
    const { message } = await failureOf(client.process(WORK, CONTEXT));
    expect(message).toBe('Bad Request: Bearer token [redacted] is over');
  });
});

test('[N13][M5] a 401 to a signed call is the last word: another signature of the same key would be no better', async () => {
  await using server = await startRawServer({ onCall: (_call, res) => reply(res, 401, { why: 'unknown key' }) });
  await using client = signedClient(server.url, () => ({ Authorization: KEY }));
  expect(await failureOf(client.process(WORK, CONTEXT))).toMatchObject({ failure: 'unauthorized', outcome: 'refused' });
  expect(server.calls).toHaveLength(1);
});
