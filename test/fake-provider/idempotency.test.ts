import { expect, test } from 'vitest';
import { Caller } from './caller.ts';

const KEY = { 'idempotency-key': 'key-1' };

test('[N1] an honoured key is executed once, however many calls come at the same time', async () => {
  await using caller = await Caller.start();
  const replies = await Promise.all(Array.from({ length: 20 }, () => caller.process({ data: { a: 1 } }, KEY)));
  const [first] = replies;
  for (const { status, body } of replies) expect({ status, body }).toEqual({ status: 200, body: first?.body });
  const entries = caller.provider.ledger.filter(({ idempotencyKey }) => idempotencyKey === 'key-1');
  expect(entries.map(({ executed }) => executed).filter(Boolean)).toHaveLength(1);
  expect(new Set(entries.map(({ providerRequestId }) => providerRequestId))).toEqual(
    new Set([first?.body['request_id']]),
  );
});

test('[N1] an honoured key finds the execution whose answer was lost', async () => {
  await using caller = await Caller.start();
  caller.provider.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  await expect(caller.process({ data: 1 }, KEY)).rejects.toThrow('fetch failed');
  const lost = caller.lastEntry;
  const { body } = await caller.process({ data: 1 }, KEY);
  expect(body['request_id']).toBe(lost?.providerRequestId);
  expect([lost?.executed, caller.lastEntry?.executed]).toEqual([true, false]);
});

test('[N1] an honoured key with other data is refused', async () => {
  await using caller = await Caller.start();
  await caller.process({ data: 1 }, KEY);
  const { status, body } = await caller.process({ data: 2 }, KEY);
  expect([status, body]).toEqual([422, { error: 'this Idempotency-Key was used with other data' }]);
  expect(caller.lastEntry?.executed).toBe(false);
});

test('[N1] an ignored key is executed every time', async () => {
  await using caller = await Caller.start({ settings: { idempotency: 'ignore' } });
  const replies = [await caller.process({ data: 1 }, KEY), await caller.process({ data: 1 }, KEY)];
  expect(new Set(replies.map(({ body }) => body['request_id'])).size).toBe(2);
  const effects = caller.provider.ledger.filter((entry) => entry.endpoint === '/process' && entry.executed);
  expect(effects.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['key-1', 'key-1']);
});
