import { expect, test } from 'vitest';
import { ExternalApiClient, type RequestSnapshot } from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, STATUS_QUERY, workflowIdOf } from '../../src/contract/names.ts';
import type { Endpoint } from '../../src/fake-provider/endpoint.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { resetToMid } from '../helpers/reset-workflow.ts';
import { startStack, startWorker } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const DEADLINE_MS = 6_000;

// A server (seen on 1.29) then hands the activity to nobody, and ends it never.
test.concurrent.each<['process' | 'pollStatus', Endpoint, Partial<RequestSnapshot>]>([
  ['process', '/process', { status: 'outcome_unknown' }],
  ['pollStatus', '/status/{request_id}', { status: 'timed_out', providerRequestId: expect.any(String) }],
])(
  '[N14][N1] E9: reset in the middle of %s, with no worker until its time has passed: it ends, or is held',
  { timeout: 90_000 },
  async (activity, endpoint, end) => {
    await using stack = await startStack();
    stack.fakeProvider.settings.jobDurationMs = 600_000;
    stack.fakeProvider.script({ endpoint, fault: { kind: 'executed-hang' } });
    const client = new ExternalApiClient(stack.temporal.client);
    const work = { data: 1, options: { async: activity === 'pollStatus' } };
    const handle = await client.process(work, { deadline: DEADLINE_MS, unknownHold: '1 hour' });
    await waitUntil('it is sent', () => callsAbout(stack.fakeProvider, handle.requestId, endpoint).length === 1);
    const workflow = stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
    await workflow.signal(CALLBACK_SIGNAL);
    await waitUntil('a workflow task has seen the signal', async () => {
      const { events = [] } = await workflow.fetchHistory();
      const signalled = events!.findIndex((event) => event.workflowExecutionSignaledEventAttributes);
      return signalled !== -1 && events!.slice(signalled).some((event) => event.workflowTaskCompletedEventAttributes);
    });
    await stack.worker.stop('SIGKILL');
    await resetToMid(activity, stack, handle.requestId);
    const forgottenAt = Date.now() + DEADLINE_MS + 1_000;
    await waitUntil('its time has passed', () => Date.now() > forgottenAt, DEADLINE_MS + 5_000);
    let worker = await startWorker(stack.workerEnv);
    try {
      await waitUntil('it has ended', async () => (await handle.status()).status === end.status, 45_000);
      expect(await handle.status()).toMatchObject(end);
      expect(callsAbout(stack.fakeProvider, handle.requestId, '/process')).toHaveLength(1);
      // Another worker comes to the same from the history.
      await worker.stop('SIGKILL');
      worker = await startWorker(stack.workerEnv);
      expect(await workflow.query(STATUS_QUERY)).toMatchObject(end);
    } finally {
      await worker.stop('SIGKILL');
    }
  },
);
