import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { OutcomeUnknownError, type ProcessOptions, type RequestHandle } from '../../src/client/index.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A provider that lists works by the key that they were submitted with, a second after they arrived. */
const PROFILE: Profile = {
  ...BUILT_IN,
  lookup: {
    call: 'GET /requests{?key}',
    vars: { key: 'requestId' },
    items: '/requests',
    match: '/idempotency_key',
    id: '/request_id',
    completeAfter: 1,
  },
};

let stack: InProcessStack;
beforeAll(async () => {
  stack = await startInProcessStack({ provider: { profile: PROFILE } });
});
beforeEach(() => stack.fake.clearFaults());
afterAll(() => stack[Symbol.asyncDispose]());

const submits = ({ requestId }: RequestHandle): number => stack.count(requestId, '/process');

async function start(options: ProcessOptions = {}): Promise<RequestHandle> {
  return await stack.client.process({ data: 'lost', options: { async: true } }, { deadline: '1 minute', ...options });
}

test('[N13][N1] a submit whose answer was lost is found by our reference, and nobody has to decide', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await start();
  const { providerRequestId } = await handle.result().then(() => handle.status());
  expect(submits(handle)).toBe(1);
  const [submit] = stack.fake.ledger.filter(({ idempotencyKey }) => idempotencyKey === handle.requestId);
  expect(providerRequestId).toBe(submit?.providerRequestId);
});

test('[N13][N1] one that never arrived is submitted again when the provider would list it', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'reset-after-read' } });
  const handle = await start();
  await handle.result();
  expect(submits(handle)).toBe(2);
  expect(
    stack.fake.ledger.filter(
      (call) => call.idempotencyKey === handle.requestId && call.executed && call.endpoint === '/process',
    ),
  ).toHaveLength(1);
});

test('[N13][N1] one that was answered with a 2xx did arrive: an empty list sends nothing again, and it is looked for on', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 202, body: { no: 'handle' } } });
  const handle = await start();
  await waitUntil('the list would have it', () => stack.count(handle.requestId, '/requests') > 1);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await handle.status()).toMatchObject({ status: 'outcome_unknown' });
  expect(submits(handle)).toBe(1);
  const requests = [{ request_id: 'late', idempotency_key: handle.requestId }];
  stack.fake.script({ endpoint: '/requests', fault: { kind: 'status', code: 200, body: { requests } } });
  await waitUntil('it is found', async () => (await handle.status()).providerRequestId === 'late');
  expect(submits(handle)).toBe(1);
});

test('[N13][N1] a list that names the work of others proves nothing: it waits for a person', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  stack.fake.script({
    endpoint: '/requests',
    times: 1_000,
    fault: { kind: 'status', code: 200, body: { requests: [{ request_id: 'other', idempotency_key: 'other' }] } },
  });
  const handle = await start({ unknownHold: '4 seconds' });
  await waitUntil('it was looked for more than once', () => stack.count(handle.requestId, '/requests') > 1);
  expect(await handle.status()).toMatchObject({ status: 'outcome_unknown' });
  const { sentence } = await stack.client.why(handle.requestId);
  expect(sentence).toMatch(/the provider is asked by our reference whether it has the work \(\d+ calls? so far\)/);
  await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
  expect(submits(handle)).toBe(1);
});

test('[N13][N6] of several works with our reference a person says which is ours, and is told which there are', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await start();
  const requests = ['job-1', 'job-2'].map((id) => ({ request_id: id, idempotency_key: handle.requestId }));
  stack.fake.script({ endpoint: '/requests', fault: { kind: 'status', code: 200, body: { requests } } });
  await waitUntil('both are told', async () => {
    const { sentence } = await stack.client.why(handle.requestId);
    return sentence.includes('a person says which is ours: job-1, job-2');
  });
  expect([submits(handle), stack.count(handle.requestId, '/requests')]).toEqual([1, 1]);
  await stack.client.resolve(handle.requestId, { decision: 'abandon', by: 'ops', reason: 'a test' });
  await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
});

test('[N13][N6] a provider that does not let us ask leaves it to a person, and says why', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  stack.fake.script({
    endpoint: '/requests',
    fault: { kind: 'status', code: 403, body: { error: 'no lists for you' } },
  });
  const handle = await start();
  await waitUntil('the cause is told', async () => {
    const { sentence } = await stack.client.why(handle.requestId);
    return /By our reference it could not be asked: .*no lists for you/.test(sentence);
  });
  await stack.client.resolve(handle.requestId, { decision: 'abandon', by: 'ops', reason: 'a test' });
  await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
});
