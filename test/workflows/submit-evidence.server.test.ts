import '../helpers/quiet-runtime.ts';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { confirmUnsent } from '../../src/activities/confirm-unsent.ts';
import { pendingSubmit } from '../../src/activities/pending-submit.ts';
import { ExternalApiClient, type RequestHandle } from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { HELD_FOR_CANCEL, pauseActivity, readPending, unpauseActivity } from '../../src/client/server-view.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { resetToMid } from '../helpers/reset-workflow.ts';
import { startStack, startWorker, type Stack } from '../helpers/stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

test('[N14][N1] E2: mode key: a beat went out while the submit waited for a socket; the record of the submit corrects it', async () => {
  await using stack = await startInProcessStack({ policy: { idempotency: 'key' }, provider: { maxConnections: 1 } });
  stack.fake.script(
    { endpoint: '/process', fault: { kind: 'delay', ms: 3_600 } },
    { endpoint: '/process', fault: { kind: 'delay', ms: 1_500 } },
  );
  const first = await stack.client.process({ data: 'first' });
  await waitUntil('the socket is in use', () => stack.count(first.requestId, '/process') === 1);
  const second = await stack.client.process({ data: 'second' });
  await waitUntil('the second is sent', () => stack.count(second.requestId, '/process') === 1, 10_000);
  const { activities } = await readPending(stack.temporal.client, workflowIdOf(second.requestId));
  expect(activities).toMatchObject([{ name: 'process', heartbeat: { sending: true } }]);
  expect(await second.result()).toMatchObject({ status: 'completed' });
});

test(
  '[N14][N1] E2: what was authenticated in mode none is submitted in mode none, whatever worker has it then',
  { timeout: 60_000 },
  async () => {
    // One permit: it is the token's.
    await using stack = await startStack({
      workerEnv: { EXTERNAL_API_RATE_LIMIT: '1', EXTERNAL_API_RATE_WINDOW: '600' },
    });
    stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const handle = await new ExternalApiClient(stack.temporal.client).process({ data: 1 });
    await waitUntil('it waits for its submit', async () => (await handle.status()).status === 'submitting');
    await stack.worker.stop('SIGTERM');
    const keyed = {
      EXTERNAL_API_RATE_LIMIT: '1000',
      EXTERNAL_API_IDEMPOTENCY: 'key',
      EXTERNAL_API_RETRY_DELAY: '0.05',
    };
    const worker = await startWorker({ ...stack.workerEnv, ...keyed });
    try {
      await waitUntil('it is over, or held', async () => (await handle.status()).status !== 'submitting', 20_000);
      expect(await handle.status()).toMatchObject({ status: 'outcome_unknown' });
      expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
    } finally {
      await worker.stop('SIGKILL');
    }
  },
);

/** A submit that was executed, and a run that knows nothing of it and finds it pending. */
async function resetMidSubmit(
  stack: Pick<Stack, 'temporal' | 'fakeProvider'>,
  stopWorker: () => Promise<void>,
): Promise<RequestHandle> {
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'delay', ms: 1_500 } });
  const handle = await new ExternalApiClient(stack.temporal.client).process({ data: 1 });
  await waitUntil('it is sent', () => callsAbout(stack.fakeProvider, handle.requestId, '/process').length === 1);
  await stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).signal(CALLBACK_SIGNAL);
  await handle.result();
  await stopWorker();
  await resetToMid('process', stack, handle.requestId);
  return handle;
}

test('[N14][N1] E11: a workflow that is reset in the middle of its submit does not send again', async () => {
  await using stack = await startInProcessStack();
  const handle = await resetMidSubmit({ ...stack, fakeProvider: stack.fake }, async () => {});
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown', 10_000);
  expect(stack.count(handle.requestId, '/process')).toBe(1);
});

test(
  '[N14][N11] E2: reset in the middle of its submit, which nobody takes, then cancelled: nobody says unsent',
  { timeout: 60_000 },
  async () => {
    await using stack = await startStack();
    const handle = await resetMidSubmit(stack, () => stack.worker.stop('SIGTERM'));
    const gated = await Worker.create({
      connection: stack.temporal.nativeConnection,
      namespace: stack.temporal.namespace,
      workflowBundle: { codePath: inject('workflowBundlePath') },
      taskQueue: TASK_QUEUES.requests,
      activities: { confirmUnsent },
    });
    await gated.runUntil(async () => {
      await handle.cancel('no longer needed');
      await expect(handle.result({ timeout: '30 seconds' })).rejects.toThrow('was cancelled');
      expect(await handle.status()).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
    });
    expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
  },
);

test('[N14][N11] E2: a submit that a worker got before it was paused goes on, and tells how it ended', async () => {
  await using stack = await startInProcessStack();
  const { client } = stack.temporal;
  stack.fake.script({ endpoint: '/process', fault: { kind: 'delay', ms: 3_600 } });
  const handle = await stack.client.process({ data: 1 });
  await waitUntil('it is sent', () => stack.count(handle.requestId, '/process') === 1, 10_000);
  const workflowId = workflowIdOf(handle.requestId);
  const { runId, activities } = await readPending(client, workflowId);
  const id = activities[0]?.id ?? '';
  expect(await pauseActivity(client, { workflowId, runId }, id, HELD_FOR_CANCEL)).toBe(true);
  expect((await readPending(client, workflowId)).activities).toMatchObject([{ state: 'started', pausedAt: null }]);
  await unpauseActivity(client, { workflowId, runId }, id);
  expect(await handle.result()).toMatchObject({ status: 'completed' });
  expect(stack.count(handle.requestId, '/process')).toBe(1);
  // It has ended: nothing is left to hold or to let go.
  expect(await pauseActivity(client, { workflowId, runId }, id, HELD_FOR_CANCEL)).toBe(true);
  await unpauseActivity(client, { workflowId, runId }, id);
});

/**
 * A request in mode `key` that is cancelled while its submit waits for a worker, which comes and has a 500 after the server
 * was asked, and before its answer is there.
 *
 * @param answer makes of the question what the server says
 */
async function submittedAfterTheQuestion(answer: typeof confirmUnsent) {
  const temporal = await connectToTemporal();
  const shared = { connection: temporal.nativeConnection, namespace: temporal.namespace };
  let [asked, sent] = [0, 0];
  const [submitting, waits]: [Promise<void>[], (string | undefined)[]] = [[], []];
  const process = async () => {
    sent++;
    const details = [{ outcome: 'ambiguous', failure: 'serverError' }];
    throw ApplicationFailure.create({ type: 'ExternalAPIError', message: '500', details, nextRetryDelay: '1 minute' });
  };
  const calls = await Worker.create({ ...shared, taskQueue: TASK_QUEUES.calls, activities: { process } });
  const requests = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUES.requests,
    workflowBundle: { codePath: inject('workflowBundlePath') },
    activities: {
      authenticate: async () => ({ tokenGeneration: 1, expiresAt: null, mode: 'key' }),
      confirmUnsent: async (input: Parameters<typeof confirmUnsent>[0]) => {
        const said = await answer(input);
        asked++;
        waits.push((await handle.status()).waitingFor?.reason);
        if (asked === 1) submitting.push(calls.run());
        // So late that a worker had the submit, unless the server keeps it.
        await waitUntil('it was sent', () => sent > 0, 3_000).catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        return said;
      },
    },
  });
  const handle = await new ExternalApiClient(temporal.client).process({ data: 1 });
  await requests.runUntil(async () => {
    await waitUntil('it is at its submit', async () => (await handle.status()).status === 'submitting');
    await handle.cancel('no longer needed');
    await handle.result().catch(() => {});
  });
  const { status, cancellation } = await handle.status();
  calls.shutdown();
  await Promise.all(submitting);
  await temporal.close();
  return { status, cancellation, asked, sent, waits };
}

test('[N14][N11] E2: mode key: once the server was asked, no worker gets the submit before the cancel', async () => {
  expect(await submittedAfterTheQuestion(confirmUnsent)).toEqual({
    status: 'cancelled',
    cancellation: 'nothing_sent',
    asked: 1,
    sent: 0,
    // It is no operator who holds it.
    waits: ['worker'],
  });
});

test('[N14][N11] E2: mode key, a server that cannot keep it: sent and answered 500 since, so nobody says unsent', async () => {
  const describeOnly: typeof confirmUnsent = async () => {
    const submit = await pendingSubmit(Context.current());
    return { unsent: submit?.lastFailure === null };
  };
  expect(await submittedAfterTheQuestion(describeOnly)).toEqual({
    status: 'cancelled',
    cancellation: 'outcome_unknown',
    asked: 2,
    sent: 1,
    waits: ['worker', 'retry_backoff'],
  });
});
