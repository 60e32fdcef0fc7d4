import { expect, test } from 'vitest';
import { processedDataOf } from '../../src/fake-provider/index.ts';
import { Caller, startReceiver } from './caller.ts';

test('[M4] a finished job is told to its callback_url once, and the status says so by then', async () => {
  await using receiver = await startReceiver();
  await using caller = await Caller.start({ settings: { jobDurationMs: 30 } });
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const { body } = await caller.process({ data: n, options: { async: true, callback_url: receiver.url } });
      return body['request_id'];
    }),
  );
  await receiver.waitFor(20);
  expect(new Set(receiver.received.map(({ body }) => body['request_id']))).toEqual(new Set(ids));
  const first = receiver.received.find(({ body }) => body['request_id'] === ids[3]);
  expect(first?.body).toEqual((await caller.status(String(ids[3]))).body);
  expect(first?.body).toMatchObject({ status: 'completed', result: { processed_data: processedDataOf(3) } });
});

test('[M4] a sync job with a callback_url is told too', async () => {
  await using receiver = await startReceiver();
  await using caller = await Caller.start();
  const { body } = await caller.process({ data: 1, options: { callback_url: receiver.url } });
  await receiver.waitFor(1);
  expect(receiver.received[0]?.body).toMatchObject({ request_id: body['request_id'], status: 'completed' });
});

test('[N4][N11] a cancelled job is told as its status says, and not as completed', async () => {
  await using receiver = await startReceiver();
  await using caller = await Caller.start({ settings: { jobDurationMs: 300, cancel: 'on' } });
  const { body } = await caller.process({ data: 1, options: { async: true, callback_url: receiver.url } });
  const path = `/status/${String(body['request_id'])}`;
  expect((await caller.fetch(path, { method: 'DELETE', headers: caller.headers })).status).toBe(200);
  await receiver.waitFor(1);
  expect(receiver.received[0]?.body).toEqual((await caller.status(String(body['request_id']))).body);
  expect(receiver.received[0]?.body).toMatchObject({ status: 'failed', error: 'cancelled by the caller' });
});

test('[N4] callbacks can be repeated and late', async () => {
  await using receiver = await startReceiver();
  await using caller = await Caller.start({ settings: { jobDurationMs: 0, callbackCount: 3, callbackDelayMs: 40 } });
  const before = performance.now();
  await caller.process({ data: 1, options: { async: true, callback_url: receiver.url } });
  await receiver.waitFor(3);
  const after = receiver.received.map(({ at }) => at - before);
  expect(after.map((ms, index) => ms >= 40 * (index + 1) - 1)).toEqual([true, true, true]);
  expect(receiver.received[2]?.body).toEqual(receiver.received[0]?.body);
});

test('[N4] callbacks can be off, and a reset drops those to come', async () => {
  await using receiver = await startReceiver();
  await using caller = await Caller.start({ settings: { jobDurationMs: 0, callbackCount: 0 } });
  const body = (data: string) => ({ data, options: { async: true, callback_url: receiver.url } });
  await caller.process(body('off'));
  Object.assign(caller.provider.settings, { callbackCount: 1, callbackDelayMs: 20 });
  await caller.process(body('dropped'));
  caller.provider.reset();
  await caller.authenticate();
  Object.assign(caller.provider.settings, { callbackCount: 1, callbackDelayMs: 40 });
  const { body: last } = await caller.process(body('sent'));
  await receiver.waitFor(1);
  expect(receiver.received.map(({ body: { request_id } }) => request_id)).toEqual([last['request_id']]);
});

test('[N4] a callback_url that nobody listens on harms nothing', async () => {
  await using caller = await Caller.start({ settings: { jobDurationMs: 0 } });
  const { body } = await caller.process({ data: 1, options: { async: true, callback_url: 'http://127.0.0.1:1/x' } });
  expect((await caller.status(String(body['request_id']))).body['status']).toBe('completed');
});
