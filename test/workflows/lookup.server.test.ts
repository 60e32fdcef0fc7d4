import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  APIAuthenticationError,
  OutcomeUnknownError,
  RequestCancelledError,
  type ProcessOptions,
  type RequestHandle,
} from '../../src/client/index.ts';
import type { Profile } from '../../src/profile/schema.ts';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import { BUILT_IN } from '../helpers/built-in-profile.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { loggedWarnings } from '../helpers/quiet-runtime.ts';
import { resetToMid } from '../helpers/reset-workflow.ts';
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
  // What arrives twice is done twice.
  stack = await startInProcessStack({ provider: { profile: PROFILE }, fake: { settings: { idempotency: 'ignore' } } });
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

const WHO = { by: 'ops', reason: 'a test' };
/** A list with nothing of ours. */
const OF_OTHERS = { requests: [{ request_id: 'other', idempotency_key: 'other' }] };

const submits = ({ requestId }: RequestHandle): number => stack.count(requestId, '/process');

const linesOf = ({ requestId }: RequestHandle) => loggedWarnings.filter((line) => line['request_id'] === requestId);

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

test('[N13][N14] what the provider says to that is its word on the whole request, because nothing else had arrived', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'reset-after-read' } });
  stack.fake.script({
    endpoint: '/process',
    times: 1_000,
    fault: { kind: 'status', code: 403, body: { error: 'no' } },
  });
  const handle = await start();
  await expect(handle.result()).rejects.toThrow(APIAuthenticationError);
  expect(submits(handle)).toBe(2);
});

test('[N13][N14] one that is cancelled then does not say that nothing was sent', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'reset-after-read' } });
  stack.fake.script({
    endpoint: '/process',
    times: 1_000,
    fault: { kind: 'status', code: 423, headers: { 'retry-after': '60' } },
  });
  const handle = await start();
  await waitUntil('it was sent again', () => submits(handle) === 2);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(RequestCancelledError);
  expect(await handle.status()).toMatchObject({ cancellation: 'outcome_unknown' });
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
    fault: { kind: 'status', code: 200, body: OF_OTHERS },
  });
  const handle = await start({ unknownHold: '4 seconds' });
  await waitUntil('it was looked for more than once', () => stack.count(handle.requestId, '/requests') > 1);
  expect(await handle.status()).toMatchObject({ status: 'outcome_unknown' });
  const { sentence } = await stack.client.why(handle.requestId);
  expect(sentence).toMatch(/the provider is asked by our reference whether it has the work \(\d+ calls? so far\)/);
  await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
  expect(submits(handle)).toBe(1);
  // The provider let us ask; the hold was over.
  expect(linesOf(handle)).not.toContainEqual(expect.objectContaining({ event: 'external_api_outcome_found' }));
});

test('[N13][N1] a provider that fails for longer than a call is repeated is asked until it lists the work', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  stack.fake.script({ endpoint: '/requests', times: 5, fault: { kind: 'status', code: 500 } });
  const handle = await start();
  await handle.result();
  expect([submits(handle), stack.count(handle.requestId, '/requests')]).toEqual([1, 6]);
});

test('[N13][N1][N4] a callback has the list asked at once, beside the look that rests: what is adopted is what has our reference, not what it names', async () => {
  await using resting = await startInProcessStack({
    provider: { profile: PROFILE },
    policy: { pollInitialMs: 600_000, pollMaxMs: 600_000 },
  });
  const { fake, client, temporal } = resting;
  fake.settings.jobDurationMs = 0;
  fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  fake.script({ endpoint: '/requests', fault: { kind: 'status', code: 200, body: OF_OTHERS } });
  const handle = await client.process({ data: 'lost', options: { async: true } });
  await waitUntil('the first look has nothing, and rests', async () => (await handle.status()).waitingFor?.calls === 1);
  await temporal.client.workflow
    .getHandle(workflowIdOf(handle.requestId))
    .signal(CALLBACK_SIGNAL, { providerRequestId: 'other' });
  const { providerRequestId } = await handle.result();
  const [submit] = fake.ledger.filter(({ idempotencyKey }) => idempotencyKey === handle.requestId);
  expect(providerRequestId).toBe(submit?.providerRequestId);
  expect(resting.count(handle.requestId, '/requests')).toBe(2);
});

test('[N13][N1] after a callback an empty list sends nothing again: only who got a submit has our link', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  stack.fake.script({
    endpoint: '/requests',
    times: 1_000,
    fault: { kind: 'status', code: 200, body: { requests: [] } },
  });
  const handle = await start();
  await waitUntil('its outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  await workflow.signal(CALLBACK_SIGNAL, { providerRequestId: 'ours' });
  const asked = stack.count(handle.requestId, '/requests');
  // The list would have it after a second.
  const { createdAt } = await handle.status();
  await waitUntil('it is looked for on', () => {
    const late = Date.now() > Date.parse(createdAt) + 3_000;
    return late && stack.count(handle.requestId, '/requests') > asked + 2;
  });
  expect(await handle.status()).toMatchObject({ status: 'outcome_unknown', hintedId: 'ours' });
  expect(submits(handle)).toBe(1);
  stack.fake.clearFaults();
  await handle.result();
  expect(submits(handle)).toBe(1);
});

test('[N13][N1] what was found before a person decided says nothing of what that led to', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'reset-after-read' } });
  // Until the deadline has passed.
  const asksToWait = { kind: 'status', code: 423, headers: { 'retry-after': '6' } } as const;
  stack.fake.script({ endpoint: '/requests', fault: asksToWait });
  const handle = await start({ deadline: '5 seconds', unknownHold: '1 minute' });
  await waitUntil('nothing had arrived, too late', async () => {
    const { error } = await handle.status();
    return error?.message.includes('it has no work, and the time of the request is over');
  });
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  await stack.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
  await handle.result();
  expect(submits(handle)).toBe(2);
});

test('[N13][N1] a reset to before what was sent again because nothing had arrived: the new run asks first', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'reset-after-read' } });
  const handle = await start();
  await handle.result();
  expect(submits(handle)).toBe(2);
  await resetToMid('findSubmitted', stack, handle.requestId);
  expect(await stack.client.result(handle.requestId)).toMatchObject({ status: 'completed' });
  expect(submits(handle)).toBe(2);
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
  await stack.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
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
  await stack.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
  await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
});
