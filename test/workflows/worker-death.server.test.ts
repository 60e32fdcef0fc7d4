import '../helpers/quiet-runtime.ts';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { confirmUnsent } from '../../src/activities/confirm-unsent.ts';
import { ExternalApiClient, type RequestHandle, type RequestStatus } from '../../src/client/index.ts';
import { readPending } from '../../src/client/server-view.ts';
import { TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startStack, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// Each has a stack of its own, and waits most of its time for the server to notice a death: they wait together.
const POLL = '/status/{request_id}';
const FAST = { EXTERNAL_API_POLL_INITIAL: '0.1', EXTERNAL_API_POLL_MAX: '2', EXTERNAL_API_RETRY_DELAY: '0.05' };

/** How far a request has come, for "never backwards". */
const ORDER: readonly RequestStatus[] = ['queued', 'authenticating', 'submitting', 'processing', 'completed'];

test.concurrent(
  '[M20][C3] a worker killed during the poll: reads go on at once, and the next worker finishes the request',
  { timeout: 90_000 },
  async () => {
    await using stack = await startStack({ workerEnv: FAST, fakeProvider: { settings: { jobDurationMs: 8_000 } } });
    const client = new ExternalApiClient(stack.temporal.client);
    const handle = await client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', () => callsAbout(stack.fakeProvider, handle.requestId, POLL).length > 3);
    const read: { status: RequestStatus; stale: boolean; ms: number }[] = [];
    const readOnce = async (): Promise<void> => {
      const before = performance.now();
      const { status, stale } = await handle.status();
      read.push({ status, stale, ms: performance.now() - before });
    };
    await readOnce();
    await stack.worker.stop('SIGKILL');
    for (let n = 0; n < 3; n++) await readOnce();
    await stack.nextWorker();
    await waitUntil(
      'it is completed',
      async () => {
        await readOnce();
        return read.at(-1)?.status === 'completed';
      },
      40_000,
    );

    const [alive, ...dead] = read.slice(0, 4);
    expect(alive).toMatchObject({ status: 'processing', stale: false });
    for (const one of dead) expect(one).toMatchObject({ status: 'processing', stale: true });
    // The bound that readers are promised; measured values are in docs/performance.md.
    expect(Math.min(...dead.map(({ ms }) => ms))).toBeLessThan(1_500);
    const progress = read.map(({ status }) => ORDER.indexOf(status));
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
  },
);

async function killedWhileSubmitting(
  idempotency: 'none' | 'key' | 'resend',
  run: (stack: Stack, handle: RequestHandle) => Promise<void>,
) {
  await using stack = await startStack({ workerEnv: { ...FAST, EXTERNAL_API_IDEMPOTENCY: idempotency } });
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'delay', ms: 5_000 } });
  const client = new ExternalApiClient(stack.temporal.client);
  const handle = await client.process({ data: 1 });
  await waitUntil('the submit is at the provider', () =>
    callsAbout(stack.fakeProvider, handle.requestId, '/process').some(({ executed }) => executed),
  );
  await stack.worker.stop('SIGKILL');
  await stack.nextWorker();
  await run(stack, handle);
}

test.concurrent(
  '[N1][M20] a worker killed while it submits: without idempotency nothing is sent again',
  { timeout: 90_000 },
  async () => {
    await killedWhileSubmitting('none', async (stack, { requestId, status }) => {
      await waitUntil('the outcome is unknown', async () => (await status()).status === 'outcome_unknown', 50_000);
      expect(callsAbout(stack.fakeProvider, requestId, '/process')).toHaveLength(1);
    });
  },
);

/** The submit's next attempt waits in the queue, and nobody takes it: what the attempt before recorded is all there is. */
async function lostInFlight(run: (stack: Stack, handle: RequestHandle) => Promise<void>): Promise<void> {
  await using stack = await startStack({ workerEnv: FAST });
  stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'delay', ms: 60_000 } });
  const handle = await new ExternalApiClient(stack.temporal.client).process({ data: 1 });
  await waitUntil(
    'the submit is at the provider',
    () => callsAbout(stack.fakeProvider, handle.requestId, '/process').length === 1,
  );
  await stack.worker.stop('SIGKILL');
  await waitUntil(
    'its next attempt is in the queue',
    async () => {
      const { activities } = await readPending(stack.temporal.client, workflowIdOf(handle.requestId));
      return activities.some(({ state, lastFailure }) => state === 'scheduled' && lastFailure !== null);
    },
    40_000,
  );
  await run(stack, handle);
}

test.concurrent(
  '[N14][N11] E2: a worker died after its submit, and the next attempt is cancelled in the queue: nobody says unsent',
  { timeout: 90_000 },
  async () => {
    await lostInFlight(async (stack, handle) => {
      // As while the call budget is closed: the request goes on, and nobody takes its submit.
      const gated = await Worker.create({
        connection: stack.temporal.nativeConnection,
        namespace: stack.temporal.namespace,
        workflowBundle: { codePath: inject('workflowBundlePath') },
        taskQueue: TASK_QUEUES.requests,
        activities: { confirmUnsent },
      });
      await gated.runUntil(async () => {
        await handle.cancel('no longer needed');
        await expect(handle.result({ timeout: '40 seconds' })).rejects.toThrow('was cancelled');
        expect(await handle.status()).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
      });
      expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
    });
  },
);

test.concurrent(
  '[N14][N1] E11: an operator resets the activity and its heartbeats after an intent: the outcome is unknown',
  { timeout: 90_000 },
  async () => {
    await lostInFlight(async (stack, { requestId, status }) => {
      const { namespace, identity } = stack.temporal.client.options;
      const execution = { workflowId: workflowIdOf(requestId) };
      const reset = { namespace, identity, execution, type: 'process', resetHeartbeat: true };
      await stack.temporal.client.workflowService.resetActivity(reset);
      await stack.nextWorker();
      await waitUntil('the outcome is unknown', async () => (await status()).status === 'outcome_unknown', 40_000);
      expect(callsAbout(stack.fakeProvider, requestId, '/process')).toHaveLength(1);
    });
  },
);

test.concurrent(
  '[N1][M20] a worker killed while it submits: with a key the request is sent again and executed once',
  { timeout: 90_000 },
  async () => {
    await killedWhileSubmitting('key', async (stack, { requestId, result }) => {
      expect(await result({ timeout: '50 seconds' })).toMatchObject({ status: 'completed' });
      const submits = callsAbout(stack.fakeProvider, requestId, '/process');
      expect(submits).toHaveLength(2);
      expect(submits.filter(({ executed }) => executed)).toHaveLength(1);
    });
  },
);

test.concurrent(
  '[M20] SIGTERM drains: the POST that is on its way is not cut, and the request is finished by the next worker',
  { timeout: 90_000 },
  async () => {
    await using stack = await startStack({ workerEnv: FAST, fakeProvider: { settings: { jobDurationMs: 0 } } });
    stack.fakeProvider.script({ endpoint: '/process', fault: { kind: 'delay', ms: 3_000 } });
    const client = new ExternalApiClient(stack.temporal.client);
    const handle = await client.process({ data: 1, options: { async: true } });
    await waitUntil(
      'the submit is at the provider',
      () => callsAbout(stack.fakeProvider, handle.requestId, '/process').length === 1,
    );
    await stack.worker.stop('SIGTERM');
    expect(stack.worker.child.exitCode).toBe(0);
    expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toMatchObject([
      { statusCode: 202, answeredAt: expect.any(Number) },
    ]);
    await stack.nextWorker();
    expect(await handle.result({ timeout: '30 seconds' })).toMatchObject({ status: 'completed' });
    expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
  },
);

test.concurrent(
  '[N1][M20] a worker that was frozen, and whose task went to another, does not send when it resumes',
  { timeout: 90_000 },
  async () => {
    // Tokens live so short that the submit fetches its own, and that takes long: the worker is frozen before its intent.
    await using stack = await startStack({
      workerEnv: { ...FAST, LOG_LEVEL: 'error' },
      fakeProvider: { settings: { tokenLifetimeS: 0 } },
    });
    stack.fakeProvider.script({ endpoint: '/oauth/token', skip: 1, fault: { kind: 'delay', ms: 3_000 } });
    const client = new ExternalApiClient(stack.temporal.client);
    const handle = await client.process({ data: 1 });
    const tokenCalls = () => stack.fakeProvider.ledger.filter(({ endpoint }) => endpoint === '/oauth/token');
    await waitUntil('the submit waits for its token', () => tokenCalls().length === 2);
    stack.worker.child.kill('SIGSTOP');
    await stack.nextWorker();
    stack.fakeProvider.settings.tokenLifetimeS = 3_600;
    await waitUntil(
      'the other worker submits',
      () => callsAbout(stack.fakeProvider, handle.requestId, '/process').length > 0,
      60_000,
    );
    stack.worker.child.kill('SIGCONT');
    // It is back when it answers; what it then still had to do it has done when it drained.
    await waitUntil('the frozen worker is back', async () => (await fetch(`${stack.worker.url}/readyz`)).ok);
    await stack.worker.stop('SIGTERM');
    expect(await handle.result({ timeout: '20 seconds' })).toMatchObject({ status: 'completed' });
    expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
  },
);
