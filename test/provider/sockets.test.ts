import { afterEach, describe, expect, test, vi } from 'vitest';
import { budgetWith } from '../helpers/call-budget.ts';
import { FAILURES } from '../../src/contract/failures.ts';
import { NoSocketError, Sockets } from '../../src/provider/sockets.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';
import { clientFor, CONTEXT, failureOf, until, WORK } from './client-under-test.ts';

describe('places', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('[M10] S2: a place goes to who asked first, and is free only when nobody waits', async () => {
    const sockets = new Sockets(1);
    const order: string[] = [];
    const release = await sockets.take();
    const others = ['first', 'second'].map((name) => sockets.take().then((give) => (order.push(name), give)));
    expect([sockets.free, sockets.waiting]).toEqual([0, 2]);
    release();
    (await others[0])?.();
    (await others[1])?.();
    expect(order).toEqual(['first', 'second']);
    expect([sockets.free, sockets.waiting]).toEqual([1, 0]);
  });

  test('[M10] S2: who waits for 5 s goes back, and its turn goes to the next', async () => {
    vi.useFakeTimers();
    const sockets = new Sockets(1);
    const release = await sockets.take();
    const early = sockets.take();
    early.catch(() => {});
    await vi.advanceTimersByTimeAsync(3_000);
    const late = sockets.take();
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(early).rejects.toThrow(NoSocketError);
    release();
    (await late)();
    expect([sockets.free, sockets.waiting]).toEqual([1, 0]);
  });

  test('[M10][C4] S2: an abort ends the wait with its reason, and leaves nobody behind', async () => {
    const sockets = new Sockets(1);
    const release = await sockets.take();
    const abort = new AbortController();
    const waiting = sockets.take(abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(sockets.take(abort.signal)).rejects.toThrow('enough');
    release();
    expect([sockets.free, sockets.waiting]).toEqual([1, 0]);
  });
});

test('[M7][M10][N1] S2: the timeout of a call does not run while it waits for a socket', async () => {
  await using server = await startRawServer({
    onCall: (_call, res) => void setTimeout(() => reply(res, 202, { request_id: 'job-1' }), 200),
  });
  await using client = clientFor(server.url, { maxConnections: 2, timeoutMs: 500 });
  const replies = await Promise.all(Array.from({ length: 8 }, () => client.process(WORK, CONTEXT)));
  expect(replies.map(({ providerRequestId }) => providerRequestId)).toEqual(Array(8).fill('job-1'));
});

test('[M10][N1] S2: a call without a socket takes no permit, was never sent, and comes back uncounted', async () => {
  await using server = await startRawServer({ onCall: () => {} });
  const budget = budgetWith();
  await using client = clientFor(server.url, { maxConnections: 1, timeoutMs: 20_000, budget });
  await client.authenticate(CONTEXT);
  client.process(WORK, CONTEXT).catch(() => {});
  await until(() => server.arrivals().length === 1);
  const error = await failureOf(client.process(WORK, CONTEXT));
  expect(error).toMatchObject({ failure: 'noSocket', outcome: 'never-sent', retryAfter: 1 });
  expect(FAILURES.noSocket).toMatchObject({ next: 'wait', benign: true, budget: 'unsent' });
  // The token and the call that hangs.
  expect((await budget.state()).used).toBe(2);
  expect(server.arrivals()).toHaveLength(1);
});
