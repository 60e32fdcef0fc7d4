import { once } from 'node:events';
import { describe, inject, test } from 'vitest';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { startTemporalProxy } from '../helpers/temporal-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const HEARTBEAT = 'RecordActivityTaskHeartbeat';
const COMPLETED = 'RespondActivityTaskCompleted';

const LONG_MS = 17_000;

describe.concurrent('[N1][N14] of a submit and of a poll', () => {
  test.for([
    { endpoint: '/process', async: false },
    { endpoint: '/status/{request_id}', async: true },
  ] as const)(
    'there is one heartbeat at a time, and what $endpoint answers is reported after one more at most, when Temporal is slow',
    { timeout: 90_000 },
    async ({ endpoint, async }, { expect }) => {
      const temporal = await connectToTemporal();
      await using proxy = await startTemporalProxy(inject('temporalAddress'));
      await using stack = await startInProcessStack({
        temporal: { ...temporal, address: proxy.address },
        provider: { timeoutMs: 20_000 },
      });
      const held = new AbortController();
      const released = once(held.signal, 'abort');
      stack.fake.script({ endpoint, fault: { kind: 'delay', ms: 7_000 } });
      const isOut = () => stack.fake.ledger.some((call) => call.endpoint === endpoint);
      const calls: string[] = [];
      proxy.treat(({ method }) => {
        if (!isOut()) return undefined;
        if (method === HEARTBEAT || method === COMPLETED) calls.push(method);
        return method === HEARTBEAT ? { until: released } : undefined;
      });
      const handle = await stack.client.process({ data: 1, options: { async } }, { idempotency: 'none' });
      const answer = () => stack.fake.ledger.find((call) => call.endpoint === endpoint && call.answeredAt !== null);
      await waitUntil('the provider has answered', answer, 30_000);
      // They would come every two or three seconds. The end does not wait for them.
      expect(calls.filter((method) => method === HEARTBEAT)).toHaveLength(1);
      held.abort();
      await waitUntil('the answer is reported', () => calls.includes(COMPLETED));
      // The newest of those that were due meanwhile may go out first.
      expect(calls.indexOf(COMPLETED)).toBeLessThanOrEqual(2);
      expect(await handle.result()).toMatchObject({ status: 'completed' });
    },
  );

  test('an answer that comes after more than 15 s is reported', { timeout: 90_000 }, async ({ expect }) => {
    await using stack = await startInProcessStack({ provider: { timeoutMs: 30_000 } });
    stack.fake.script({ endpoint: '/process', fault: { kind: 'delay', ms: LONG_MS } });
    stack.fake.script({ endpoint: '/status/{request_id}', fault: { kind: 'delay', ms: LONG_MS } });
    const start = (async: boolean) =>
      stack.client.process({ data: 1, options: { async } }, { idempotency: 'none', cache: 'off' });
    const handles = [await start(false)];
    await waitUntil('it is on its way', () => stack.count(handles[0]?.requestId ?? '', '/process') === 1);
    handles.push(await start(true));
    const ended = await Promise.all(handles.map((handle) => handle.result()));
    expect(ended.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(handles.map(({ requestId }) => stack.count(requestId, '/process'))).toEqual([1, 1]);
  });
});
