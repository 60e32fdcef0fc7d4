import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { RequestCancelledError, type RequestHandle, type RequestSnapshot } from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { loggedWarnings } from '../helpers/quiet-runtime.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
const WHO = { by: 'ann', reason: 'looked at the provider' };
/** Its provider can cancel, and the grace for an id that is not known yet is over at once. */
let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack({ policy: { cancelCall: true }, now: () => Date.now() + 31_000 });
  stack.fake.settings.cancel = 'on';
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

interface Held extends RequestHandle {
  /** Of its work, which only the provider knows. */
  id: string;
  callback(body?: unknown): Promise<void>;
  until(what: string, isSo: (snapshot: RequestSnapshot) => boolean): Promise<RequestSnapshot>;
}

/** A request whose reply was lost, and whose work is executed. */
async function held(): Promise<Held> {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await stack.client.process({ data: { at: performance.now() }, options: { async: true } });
  const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  const until: Held['until'] = (what, isSo) =>
    waitUntil(what, async () => {
      const snapshot = await handle.status();
      return isSo(snapshot) && snapshot;
    });
  await until('the outcome is unknown', ({ status }) => status === 'outcome_unknown');
  const [submit] = callsAbout(stack.fake, handle.requestId, '/process');
  return {
    ...handle,
    id: submit!.providerRequestId!,
    callback: (body) => workflow.signal(CALLBACK_SIGNAL, ...(body === undefined ? [] : [body])),
    until,
  };
}

const abandon = (requestId: string) => stack.client.resolve(requestId, { decision: 'abandon', ...WHO });

test('[N1] a callback that names the id is as good as a decision', async () => {
  const { result, callback, id } = await held();
  await callback({ providerRequestId: id });
  expect(await result()).toMatchObject({ status: 'completed', providerRequestId: id, resolution: null });
});

test('[N1] one that names a work of nobody leaves the question open, which is told and counted once', async () => {
  const { requestId, callback, until } = await held();
  await callback({ providerRequestId: 'req_nobody_knows' });
  await until('it is unknown again', ({ error }) => error?.statusCode === 404);
  const told = () => loggedWarnings.filter((entry) => entry['request_id'] === requestId);
  await waitUntil('it is told', () => told().length > 0);
  await abandon(requestId);
  expect(told()).toMatchObject([{ event: 'external_api_outcome_unknown' }]);
});

test('[N1] one without an id decides nothing', async () => {
  const { requestId, callback, status } = await held();
  await callback();
  await callback({ providerRequestId: '../../oauth/token' });
  expect(await status()).toMatchObject({ status: 'outcome_unknown' });
  await abandon(requestId);
});

test.each([
  ['403', { kind: 'status', code: 403 } as const, 1, 'status: 403'],
  ['500, tries used up', { kind: 'status', code: 500 } as const, 3, 'Internal Server Error'],
  ['a job that failed', { kind: 'success-false', error: 'no such table' } as const, 1, 'no such table'],
])(
  '[N14][N1] E5: an id that only a callback named, and %s: held again, and `why` says it',
  async (_what, fault, times, said) => {
    const { requestId, callback, id, until, status, result } = await held();
    stack.fake.script({ endpoint: POLL, match: { idempotencyKey: requestId }, times, fault });
    await callback({ providerRequestId: id });
    const { error } = await until(
      'it was looked at',
      (read) => read.error?.message.includes('Only a callback') ?? false,
    );
    expect(error).toMatchObject({ type: 'OutcomeUnknown', outcome: 'ambiguous', retryable: false });
    const { sentence } = await stack.client.why(requestId);
    expect(sentence).toContain(`Only a callback named ${id}`);
    expect(sentence).toContain(said);
    expect(await status()).toMatchObject({ status: 'outcome_unknown' });
    expect(stack.count(requestId, '/process')).toBe(1);
    await abandon(requestId);
    await result().catch(() => {});
    // Its end does not say that this is its work.
    expect(await status()).toMatchObject({ status: 'failed', providerRequestId: null });
  },
);

const deletes = (requestId: string) =>
  callsAbout(stack.fake, requestId, POLL).filter(({ method }) => method === 'DELETE').length;

/** Work of somebody else, which goes on for long; and how often it was asked for. */
async function otherWork() {
  stack.fake.settings.jobDurationMs = 600_000;
  const { requestId, status } = await stack.client.process({ data: 'of somebody else', options: { async: true } });
  await waitUntil('it is polled', () => stack.count(requestId, POLL) > 0);
  stack.fake.settings.jobDurationMs = 0;
  const { providerRequestId } = await status();
  return { requestId, id: providerRequestId! };
}

const looks = (requestId: string) =>
  stack.calls.filter((call) => call.operation === 'status' && call.requestId === requestId).length;

test('[N14][N1] E7: while an id is polled that only a callback named, the question is open, and a person decides it', async () => {
  const other = await otherWork();
  const { requestId, id, callback, status, result } = await held();
  await callback({ providerRequestId: other.id });
  await waitUntil('it is polled', () => looks(requestId) > 0);
  expect(await status()).toMatchObject({ status: 'outcome_unknown', providerRequestId: null });
  await stack.client.resolve(requestId, { decision: 'adopt', providerRequestId: id, ...WHO });
  expect(await result()).toMatchObject({ status: 'completed', providerRequestId: id });
});

test(
  '[N14][N1] E7: a callback that names the work of somebody else keeps none from being heeded that names ours',
  { timeout: 90_000 },
  async () => {
    const other = await otherWork();
    const { requestId, id, callback, result, status } = await held();
    await callback({ providerRequestId: other.id });
    await waitUntil('it is polled', () => looks(requestId) > 0);
    await callback({ providerRequestId: id });
    await waitUntil('the next callback is heeded', async () => (await status()).status === 'completed', 75_000);
    expect(await result()).toMatchObject({ providerRequestId: id, resolution: null });
  },
);

test('[N14][N11] E1: cancelled while an id is polled that only a callback named: that work may be another’s, and is not cancelled', async () => {
  const other = await otherWork();
  const { requestId, callback, cancel, result, status } = await held();
  await callback({ providerRequestId: other.id });
  await waitUntil('it is polled', () => looks(requestId) > 0);
  await cancel('no longer needed');
  await expect(result()).rejects.toThrow(RequestCancelledError);
  expect(await status()).toMatchObject({
    status: 'cancelled',
    cancellation: 'outcome_unknown',
    providerRequestId: null,
  });
  expect(deletes(other.requestId)).toBe(0);
});

test('[N14][N11] E1: cancelled while an id is polled that a person named: the provider is told', async () => {
  stack.fake.settings.jobDurationMs = 60_000;
  const { requestId, id, cancel, result, status, until } = await held();
  await stack.client.resolve(requestId, { decision: 'adopt', providerRequestId: id, ...WHO });
  await until('it is polled', (read) => read.status === 'processing');
  await cancel('no longer needed');
  await expect(result()).rejects.toThrow(RequestCancelledError);
  expect(await status()).toMatchObject({ status: 'cancelled', cancellation: 'cancelled_at_provider' });
  expect(deletes(requestId)).toBe(1);
});
