import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  RequestCancelledError,
  type ProcessOptions,
  type RequestHandle,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { loggedWarnings } from '../helpers/quiet-runtime.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
const WHO = { by: 'ann', reason: 'looked at the provider' };
/** Its provider can cancel; the other one heeds keys. */
let stack: InProcessStack;
let keyed: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack({ policy: { cancelCall: true } });
  stack.fake.settings.cancel = 'on';
  // Its faults are answers that were lost, not an outage.
  keyed = await startInProcessStack({ policy: { idempotency: 'key', keyMs: 3_600_000 }, budget: { outageAfter: 0 } });
});
beforeEach(() => {
  for (const { fake } of [stack, keyed]) {
    fake.clearFaults();
    fake.settings.jobDurationMs = 0;
  }
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await keyed[Symbol.asyncDispose]();
});

interface Held extends RequestHandle {
  /** Of its work, which only the provider knows. */
  id: string;
  callback(body?: unknown): Promise<void>;
  until(what: string, isSo: (snapshot: RequestSnapshot) => boolean): Promise<RequestSnapshot>;
}

/** A request whose replies were lost, and whose work is executed. */
async function held(on = stack, options: ProcessOptions = {}): Promise<Held> {
  on.fake.script({ endpoint: '/process', times: on === stack ? 1 : 3, fault: { kind: 'executed-no-answer' } });
  const handle = await on.client.process({ data: { at: performance.now() }, options: { async: true } }, options);
  const workflow = on.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
  const until: Held['until'] = (what, isSo) =>
    waitUntil(what, async () => {
      const snapshot = await handle.status();
      return isSo(snapshot) && snapshot;
    });
  await until('the outcome is unknown', ({ status }) => status === 'outcome_unknown');
  const [submit] = callsAbout(on.fake, handle.requestId, '/process');
  return {
    ...handle,
    id: submit!.providerRequestId!,
    callback: (body) => workflow.signal(CALLBACK_SIGNAL, ...(body === undefined ? [] : [body])),
    until,
  };
}

const abandon = (requestId: string) => stack.client.resolve(requestId, { decision: 'abandon', ...WHO });

/** Nobody can confirm that it is this work. */
test('[N1][N14] an id that only a callback named is not asked for: status, `why`, list and advice show it, and a person adopts it', async () => {
  const { requestId, callback, id, until, result } = await held();
  const warnings = () => loggedWarnings.filter((entry) => entry['request_id'] === requestId).length;
  await waitUntil('it is told', () => warnings() === 1);
  await callback({ providerRequestId: id });
  const { error, hintedId } = await until('the hint is shown', (read) => read.hintedId !== undefined);
  expect(hintedId).toBe(id);
  expect(error?.message).toContain(`A callback named ${id}, and nobody has confirmed that this is the work`);
  const { sentence } = await stack.client.why(requestId);
  expect(sentence).toContain(`A callback named ${id}`);
  expect(sentence).toContain(`external-api resolve ${requestId} adopt --provider-id ${id}`);
  await waitUntil('the list has it', async () => {
    for await (const listed of stack.client.list({ status: 'outcome_unknown' })) {
      if (listed.requestId === requestId) return listed.hintedId === id;
    }
    return false;
  });
  expect([stack.count(requestId, POLL), stack.count(requestId, '/process'), warnings()]).toEqual([0, 1, 1]);
  await stack.client.resolve(requestId, { decision: 'adopt', providerRequestId: id, ...WHO });
  expect(await result()).toMatchObject({ status: 'completed', providerRequestId: id });
});

test('[N1] one without an id, or with one that could be none, shows and decides nothing', async () => {
  const { requestId, callback, status } = await held();
  await callback();
  await callback({ providerRequestId: '../../oauth/token' });
  const read = await status();
  expect(read).toMatchObject({ status: 'outcome_unknown' });
  expect(read.hintedId).toBeUndefined();
  await abandon(requestId);
});

test('[N1] an id that a shell would not take as it is stands in no command', async () => {
  const { requestId, callback, until } = await held();
  await callback({ providerRequestId: '$(reboot)' });
  await until('the hint is shown', ({ hintedId }) => hintedId !== undefined);
  const { sentence } = await stack.client.why(requestId);
  expect(sentence).toContain('adopt --provider-id … --reason');
  await abandon(requestId);
});

const deletes = (requestId: string) =>
  callsAbout(stack.fake, requestId, POLL).filter(({ method }) => method === 'DELETE').length;

test('[N14][N11] E1: cancelled while held, after a callback: the work that it named may be another’s, and is not cancelled', async () => {
  const { requestId, id, callback, cancel, result, status, until } = await held();
  await callback({ providerRequestId: id });
  await until('the hint is shown', ({ hintedId }) => hintedId !== undefined);
  await cancel('no longer needed');
  await expect(result()).rejects.toThrow(RequestCancelledError);
  expect(await status()).toMatchObject({
    status: 'cancelled',
    cancellation: 'outcome_unknown',
    providerRequestId: null,
  });
  expect(deletes(requestId)).toBe(0);
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

test('[N1][N4] in mode `key` a callback has the submit repeated with our key, whose answer names the work: once executed, and completed', async () => {
  const { requestId, id, callback, result } = await held(keyed);
  // Not even the id that it names is taken.
  await callback({ providerRequestId: 'of-somebody-else' });
  expect(await result()).toMatchObject({ status: 'completed', providerRequestId: id, resolution: null });
  const submits = callsAbout(keyed.fake, requestId, '/process');
  expect([submits.length, submits.filter(({ executed }) => executed).length]).toEqual([4, 1]);
  expect(new Set(submits.map(({ bodySha256 }) => bodySha256)).size).toBe(1);
});

test('[N1][N14] E7: repeats that say nothing leave the question open, are as rare as looks, and move neither deadline nor hold', async () => {
  const { requestId, callback, until, status } = await held(keyed, { unknownHold: '10 minutes' });
  const before = await status();
  const repeated = () => keyed.count(requestId, '/process');
  keyed.fake.script({ endpoint: '/process', times: 99, fault: { kind: 'status', code: 500 } });
  await callback();
  await until('it was repeated', (read) => repeated() === 6 && read.status === 'outcome_unknown');
  await callback();
  await callback();
  await until('it was repeated again', (read) => repeated() === 9 && read.status === 'outcome_unknown');
  const after = await status();
  expect(after.deadlineAt).toBe(before.deadlineAt);
  expect(after.waitingFor?.until).toBe(before.waitingFor?.until);
  const warned = loggedWarnings.filter((line) => line['request_id'] === requestId);
  expect(warned.filter(({ event }) => event === 'external_api_outcome_unknown')).toHaveLength(1);
  keyed.fake.clearFaults();
  await keyed.client.resolve(requestId, { decision: 'abandon', ...WHO });
});

test('[N1] after the deadline nothing is repeated: should nothing have arrived, the work would begin then', async () => {
  const { requestId, callback, until, status } = await held(keyed, {
    deadline: '2 seconds',
    unknownHold: '10 minutes',
  });
  const { deadlineAt } = await status();
  await waitUntil('its deadline has passed', () => Date.now() > Date.parse(deadlineAt!) + 100);
  await callback({ providerRequestId: 'some-work' });
  await until('the hint is shown', ({ hintedId }) => hintedId === 'some-work');
  expect(keyed.count(requestId, '/process')).toBe(3);
  await keyed.client.resolve(requestId, { decision: 'abandon', ...WHO });
});

test('[N1] once the provider may have forgotten the key, counted from the first submit, a callback repeats nothing, and a person’s resubmit goes out once', async () => {
  await using forgetful = await startInProcessStack({ policy: { idempotency: 'key', keyMs: 1_500 } });
  const { requestId, callback, until, id } = await held(forgetful);
  const sent = () => forgetful.count(requestId, '/process');
  const [first] = callsAbout(forgetful.fake, requestId, '/process');
  await waitUntil('the key has lapsed', () => Date.now() > first!.arrivedAt + 1_600);
  await callback({ providerRequestId: id });
  const { error } = await until('the provider is not asked', (read) => read.error?.failure === 'keyLapsed');
  expect([sent(), error?.message]).toEqual([3, expect.stringContaining(`A callback named ${id}`)]);
  forgetful.fake.script({ endpoint: '/process', times: 9, fault: { kind: 'executed-no-answer' } });
  await forgetful.client.resolve(requestId, { decision: 'resubmit', ...WHO });
  await until('it is held again', (read) => sent() === 4 && read.status === 'outcome_unknown');
  expect(sent()).toBe(4);
  await forgetful.client.resolve(requestId, { decision: 'abandon', ...WHO });
});
