import { afterAll, beforeAll, expect, test } from 'vitest';
import { InvalidRequestError } from '../../src/client/index.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';

let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack({ fake: { settings: { jobDurationMs: 1_000 } } });
});
afterAll(() => stack[Symbol.asyncDispose]());

function submits(): number {
  return stack.fake.ledger.filter(({ endpoint }) => endpoint === '/process').length;
}

test('[C4] equal requests at the same time are one only if both callers ask for it', async () => {
  const input = { data: { text: 'the same' }, options: { async: true } };
  const merged = await Promise.all(Array.from({ length: 8 }, () => stack.client.process(input, { coalesce: true })));
  const apart = await stack.client.process(input);
  const other = await stack.client.process(input, { coalesce: true, tenant: 'other' });
  const ids = new Set(merged.map(({ requestId }) => requestId));
  expect(ids.size).toBe(1);
  expect(ids).not.toContain(apart.requestId);
  expect(ids).not.toContain(other.requestId);
  await Promise.all([...merged, apart, other].map((handle) => handle.result()));
  expect(submits()).toBe(3);

  const later = await stack.client.process(input, { coalesce: true });
  expect(ids).not.toContain(later.requestId);
  await later.result();
  expect(submits()).toBe(4);
});

test('[C4] an idempotency key says itself what is the same request: both together are refused', async () => {
  const both = stack.client.process({ data: 1 }, { coalesce: true, idempotencyKey: 'order-1' });
  await expect(both).rejects.toThrow(InvalidRequestError);
});
