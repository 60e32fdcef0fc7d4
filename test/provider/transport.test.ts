import { expect, test } from 'vitest';
import type { Dispatcher } from 'undici';
import { startRawServer } from '../helpers/raw-server.ts';
import { createTransport, Exchange } from '../../src/provider/transport.ts';

function controller(): Dispatcher.DispatchController & { reasons: unknown[] } {
  const reasons: unknown[] = [];
  return {
    reasons,
    aborted: false,
    paused: false,
    reason: null,
    abort: (reason?: Error) => void reasons.push(reason),
    pause: () => {},
    resume: () => {},
  };
}

function start(signal?: AbortSignal) {
  const settled: unknown[] = [];
  const note = (result: unknown): void => void settled.push(result);
  return {
    exchange: new Exchange({
      resolve: note,
      reject: note,
      signal,
      timeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      deliveryMs: 60_000,
      onArrived: () => {},
    }),
    settled,
  };
}

test('[C2][N1] a call that undici puts back in its queue is not written a second time', () => {
  const { exchange, settled } = start();
  exchange.onRequestStart(controller());
  expect(() => exchange.onRequestStart(controller())).toThrow('a call is written once');
  exchange.onResponseError(controller(), new Error('lost'));
  expect(settled).toMatchObject([{ sent: true, reason: 'failed' }]);
});

test('[N1] a call given up before it was written is refused to the connection, which lives on', () => {
  const abort = new AbortController();
  const { exchange, settled } = start(abort.signal);
  abort.abort(new Error('enough'));
  expect(settled).toMatchObject([{ sent: false, reason: 'aborted', cause: abort.signal.reason }]);
  const connection = controller();
  expect(() => exchange.onRequestStart(connection)).toThrow('a call is written once');
  expect(connection.reasons).toEqual([]);
});

test('[N1] a call given up after it was written takes its connection with it, and settles once', () => {
  const abort = new AbortController();
  const { exchange, settled } = start(abort.signal);
  const connection = controller();
  exchange.onRequestStart(connection);
  abort.abort(new Error('enough'));
  expect(connection.reasons).toHaveLength(1);
  exchange.onResponseError(connection, new Error('aborted'));
  expect(settled).toMatchObject([{ sent: true, reason: 'aborted' }]);
});

test('[M12] an informational answer (1xx) is not the answer', () => {
  const { exchange, settled } = start();
  const connection = controller();
  exchange.onRequestStart(connection);
  exchange.onResponseStart(connection, 103, { link: '</x>' });
  exchange.onResponseStart(connection, 429, { 'retry-after': ['3', '4'] });
  exchange.onResponseData(connection, Buffer.from('{"ü'));
  exchange.onResponseData(connection, Buffer.from('":1}'));
  exchange.onResponseEnd();
  expect(settled).toEqual([
    { head: expect.objectContaining({ statusCode: 429, retryAfter: '3' }), bytes: Buffer.from('{"ü":1}') },
  ]);
});

test('[M12][N1] an informational answer (1xx) before a reset is not the start of an answer', () => {
  const { exchange, settled } = start();
  const connection = controller();
  exchange.onRequestStart(connection);
  exchange.onResponseStart(connection, 103, {});
  exchange.onResponseError(connection, new Error('reset'));
  expect(settled).toMatchObject([{ sent: true, head: null }]);
});

test('[C4][N1] S9: a call that was given up before is not handed to a connection', async () => {
  await using server = await startRawServer();
  const transport = createTransport({
    origin: server.url,
    timeoutMs: 5_000,
    connectTimeoutMs: 5_000,
    maxConnections: 1,
    maxResponseBytes: 1_000,
    connectionAgeMs: 60_000,
  });
  const call = { method: 'GET' as const, path: '/', headers: [], body: null };
  const sent = transport.send(call, AbortSignal.abort(new Error('before')), () => {});
  await expect(sent).rejects.toMatchObject({ sent: false, reason: 'aborted', cause: new Error('before') });
  await transport.close();
  expect(server.connections).toEqual([]);
});
