import { expect, test } from 'vitest';
import { LONGEST_ATTEMPT_MS } from '../../src/polling/poll-plan.ts';
import { RequestTooLargeError, ResultTooLargeError } from '../../src/client/index.ts';
import { MAX_INPUT_BYTES, MAX_RESULT_BYTES } from '../../src/contract/limits.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { reply, startRawServer } from '../helpers/raw-server.ts';

test('[M12] a request at the limit of Temporal is taken, one above it is refused before anything is sent', async () => {
  await using stack = await startInProcessStack();
  const envelope = '{"data":"","options":{"async":false,"callbackUrl":null}}'.length;
  const handle = await stack.client.process({ data: 'x'.repeat(MAX_INPUT_BYTES - envelope) });
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  const { length } = stack.fake.ledger;
  const tooLarge = stack.client.process({ data: 'x'.repeat(MAX_INPUT_BYTES - envelope + 1) });
  await expect(tooLarge).rejects.toThrow(RequestTooLargeError);
  await expect(tooLarge).rejects.toThrow(`has ${MAX_INPUT_BYTES + 1} bytes of JSON; at most ${MAX_INPUT_BYTES}`);
  expect(stack.fake.ledger).toHaveLength(length);
});

test.each([
  ['a synchronous answer', false, MAX_RESULT_BYTES],
  ['a poll', true, MAX_RESULT_BYTES],
  ['a poll, of almost 10 MiB,', true, 9 * 2 ** 20],
])(
  '[M12][N1] a result of %s that is too large to keep is not lost: the error has the id that finds it',
  async (_what, async, length) => {
    // Its first characters look like a number that may have to be marked.
    const result = { processed_data: `1e9${'x'.repeat(length)}`, metadata: { processing_time: 1, version: '2.1' } };
    await using provider = await startRawServer({
      onCall: ({ path }, res) => {
        const id = { success: true, request_id: 'req_huge' };
        if (path !== '/process') return reply(res, 200, { ...id, status: 'completed', result });
        reply(res, async ? 202 : 200, async ? id : { ...id, result });
      },
    });
    await using stack = await startInProcessStack({ provider: { baseUrl: new URL(provider.url) } });
    const handle = await stack.client.process({ data: 1, options: { async } });
    const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ResultTooLargeError);
    expect(error).toMatchObject({ providerRequestId: 'req_huge', retryable: false, outcome: 'final' });
    expect(provider.arrivals().filter(({ path }) => path === '/process')).toHaveLength(1);
  },
);

test('[M12] a result just below the limit is kept', async () => {
  const overhead = JSON.stringify({ processedData: '', metadata: { processingTime: 1, version: '2.1' } }).length;
  const text = 'x'.repeat(MAX_RESULT_BYTES - overhead);
  await using provider = await startRawServer({
    onCall: (_call, res) =>
      reply(res, 200, {
        request_id: 'req_big',
        result: { processed_data: text, metadata: { processing_time: 1, version: '2.1' } },
      }),
  });
  await using stack = await startInProcessStack({ provider: { baseUrl: new URL(provider.url) } });
  const handle = await stack.client.process({ data: 1 });
  expect((await handle.result()).result.processedData === text).toBe(true);
});

test('[N9] thousands of polls add no event', { timeout: 60_000 }, async () => {
  const id = { success: true, request_id: 'req_long' };
  const result = { processed_data: 'done', metadata: { processing_time: 1, version: '2.1' } };
  let polls = 0;
  await using provider = await startRawServer({
    onCall: ({ path }, res) => {
      if (path === '/process') return reply(res, 202, id);
      polls += 1;
      reply(res, 200, polls > 2_000 ? { ...id, status: 'completed', result } : { ...id, status: 'processing' });
    },
  });
  const policy = { pollInitialMs: 1, pollMaxMs: 1 };
  await using stack = await startInProcessStack({ policy, provider: { baseUrl: new URL(provider.url) } });
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await handle.result();
  expect(polls).toBe(2_001);
  expect(await stack.events(handle.requestId)).toHaveLength(23);
});

test('[N9] an attempt that polls for minutes ends before its timeout, and the next one goes on', async () => {
  // Each look at the clock is two minutes later.
  let minutes = 0;
  const now = (): number => Date.now() + (LONGEST_ATTEMPT_MS / 5) * 2 * minutes++;
  await using stack = await startInProcessStack({ now });
  stack.fake.settings.jobDurationMs = 1_000;
  const handle = await stack.client.process({ data: 1, options: { async: true } });
  await handle.result();
  const started = (await stack.events(handle.requestId)).map((event) => event.activityTaskStartedEventAttributes);
  expect(started.findLast((one) => one)?.attempt).toBeGreaterThan(2);
});
