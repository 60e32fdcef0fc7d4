import type { Fallback } from '../../src/answers/fallback.ts';
import { canonicalJson } from '../../src/client/canonical-json.ts';
import { requestIdFor } from '../../src/client/request-id.ts';
import type { RequestHandle } from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, workflowIdOf } from '../../src/contract/names.ts';
import type { InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const POLL = '/status/{request_id}';
const WHO = { by: 'ann', reason: 'looked at the provider' };

/** The fallback of the scenario that has one. */
export const standIn: Fallback = async ({ data }) =>
  canonicalJson(data, 'data') === canonicalJson(FALLEN_BACK, 'data')
    ? { processedData: 'a stand-in', metadata: { processingTime: null, version: null } }
    : null;

const FALLEN_BACK = { kind: 'fallen back' };

/** Behaviours of the workflow, each run to its end; what it returns is the request whose history is kept. */
export const SCENARIOS: Record<string, (stack: InProcessStack) => Promise<string>> = {
  async synchronous({ client }) {
    return await ended(await client.process({ data: { kind: 'synchronous' } }));
  },

  async polled({ client, fake }) {
    fake.settings.jobDurationMs = 200;
    return await ended(await client.process({ data: { kind: 'polled' }, options: { async: true } }));
  },

  async 'callback-while-the-poll-backs-off'(stack) {
    const fault = {
      kind: 'status',
      code: 200,
      body: { status: 'processing' },
      headers: { 'retry-after': '600' },
    } as const;
    stack.fake.script({ endpoint: POLL, fault });
    const handle = await stack.client.process({ data: { kind: 'callback' }, options: { async: true } });
    await waitUntil('the poll backs off', async () => (await handle.status()).waitingFor?.until);
    await signalCallback(stack, handle.requestId);
    return await ended(handle);
  },

  async 'callback-while-a-poll-is-in-flight'(stack) {
    stack.fake.script({ endpoint: POLL, fault: { kind: 'delay', ms: 3_000 } });
    const handle = await stack.client.process({ data: { kind: 'callback in flight' }, options: { async: true } });
    await waitUntil('a poll is in flight', () =>
      stack.fake.ledger.some((call) => call.endpoint === POLL && call.idempotencyKey === handle.requestId),
    );
    await signalCallback(stack, handle.requestId);
    return await ended(handle);
  },

  async 'answered-from-the-cache'({ client }) {
    const data = { kind: 'asked twice' };
    await ended(await client.process({ data }));
    return await ended(await client.process({ data }));
  },

  async 'fallen-back'({ client, fake }) {
    fake.script({ endpoint: POLL, fault: { kind: 'status', code: 500 }, times: 3 });
    return await ended(await client.process({ data: FALLEN_BACK, options: { async: true } }));
  },

  async refused({ client, fake }) {
    fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400, body: { error: 'no' } } });
    return await ended(await client.process({ data: { kind: 'refused' } }));
  },

  async 'retried-and-completed'({ client, fake }) {
    fake.script({ endpoint: '/process', fault: { kind: 'status', code: 429, headers: { 'retry-after': '0' } } });
    return await ended(await client.process({ data: { kind: 'retried' } }));
  },

  async 'outcome-unknown'({ client, fake }) {
    fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    return await ended(
      await client.process({ data: { kind: 'lost' } }, { cache: 'off', unknownHold: '300 milliseconds' }),
    );
  },

  async 'outcome-unknown-and-resubmitted'(stack) {
    const handle = await lost(stack);
    await stack.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
    return await ended(handle);
  },

  async 'outcome-unknown-and-adopted'(stack) {
    const handle = await lost(stack);
    const submit = stack.fake.ledger.find(({ idempotencyKey }) => idempotencyKey === handle.requestId);
    const providerRequestId = submit?.providerRequestId ?? '';
    await stack.client.resolve(handle.requestId, { decision: 'adopt', providerRequestId, ...WHO });
    return await ended(handle);
  },

  async 'outcome-unknown-and-abandoned'(stack) {
    const handle = await lost(stack);
    await stack.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
    return await ended(handle);
  },

  async 'cancelled-before-the-submit'(stack) {
    const headers = { 'retry-after': '3' };
    stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 429, headers } });
    const handle = await stack.client.process({ data: { kind: 'cancelled early' } });
    await waitUntil('it waits', async () => (await handle.status()).waitingFor?.reason === 'cool_down');
    await handle.cancel('no longer needed');
    await ended(handle);
    // For the scenarios after this one.
    await waitUntil('the provider is open', async () => (await stack.budget.state()).closedBy === null);
    return handle.requestId;
  },

  async 'deadline-while-polling'({ client, fake }) {
    fake.settings.jobDurationMs = 600_000;
    // Long enough for the submit on a busy machine: it is the poll that the deadline ends.
    const options = { deadline: '4 seconds' } as const;
    return await ended(await client.process({ data: { kind: 'late' }, options: { async: true } }, options));
  },

  async 'cancelled-while-polling'(stack) {
    // While a poll backs off: whether one in flight hears of it in time is a matter of its heartbeat.
    const options = { idempotencyKey: 'cancelled-while-polling' };
    const match = { idempotencyKey: requestIdFor('default', options.idempotencyKey) };
    stack.fake.script({ endpoint: POLL, match, fault: { kind: 'headers', headers: { 'retry-after': '600' } } });
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: { kind: 'cancelled' }, options: { async: true } }, options);
    await waitUntil('the poll backs off', async () => (await handle.status()).waitingFor?.until);
    await handle.cancel('no longer needed');
    return await ended(handle);
  },
};

async function lost(stack: InProcessStack): Promise<RequestHandle> {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await stack.client.process({ data: { kind: 'lost' } }, { cache: 'off' });
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  return handle;
}

async function ended(handle: { requestId: string; result(): Promise<unknown> }): Promise<string> {
  await handle.result().catch(() => {});
  return handle.requestId;
}

async function signalCallback(stack: InProcessStack, requestId: string): Promise<void> {
  await stack.temporal.client.workflow.getHandle(workflowIdOf(requestId)).signal(CALLBACK_SIGNAL);
}
