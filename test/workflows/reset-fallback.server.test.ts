import '../helpers/quiet-runtime.ts';
import { ApplicationFailure } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { CALLBACK_SIGNAL, TASK_QUEUES, workflowIdOf } from '../../src/contract/names.ts';
import { resetToMid } from '../helpers/reset-workflow.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** After that the server hands out no fallback. */
const FALLBACK_MS = 30_000;

test(
  '[N14][M11] E9: reset in the middle of its fallback, with no worker until that is over: it fails as it would have',
  { timeout: 120_000 },
  async () => {
    const temporal = await connectToTemporal();
    const { nativeConnection: connection, namespace } = temporal;
    const shared = { connection, namespace, taskQueue: TASK_QUEUES.requests };
    const workflowBundle = { codePath: inject('workflowBundlePath') };
    const workflowWorker = () => Worker.create({ ...shared, workflowBundle, stickyQueueScheduleToStartTimeout: 1 });
    const authenticate = async () => {
      const details = [{ failure: 'unreachable', outcome: 'never-sent', fallback: true }];
      throw ApplicationFailure.create({ type: 'ExternalAPIError', message: 'down', nonRetryable: true, details });
    };
    const handle = await new ExternalApiClient(temporal.client).process({ data: 1 });
    const workflow = temporal.client.workflow.getHandle(workflowIdOf(handle.requestId));
    const events = async () => (await workflow.fetchHistory()).events ?? [];
    const begun = async (activity: string) =>
      (await events()).some((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity);
    const failed = async () => (await events()).some((event) => event.activityTaskFailedEventAttributes);

    await (await workflowWorker()).runUntil(() => waitUntil('it begins', () => begun('authenticate')));
    await (
      await Worker.create({ ...shared, activities: { authenticate } })
    ).runUntil(() => waitUntil('it failed', failed));
    await (
      await workflowWorker()
    ).runUntil(async () => {
      await waitUntil('the fallback is to run', () => begun('fallBack'));
      await workflow.signal(CALLBACK_SIGNAL);
      await waitUntil('a workflow task has seen the signal', async () => {
        const history = await events();
        const signalled = history.findIndex((event) => event.workflowExecutionSignaledEventAttributes);
        return history.slice(signalled).some((event) => event.workflowTaskCompletedEventAttributes);
      });
    });
    await resetToMid('fallBack', { temporal }, handle.requestId);
    const forgottenAt = Date.now() + FALLBACK_MS + 1_000;
    await waitUntil('its time has passed', () => Date.now() > forgottenAt, FALLBACK_MS + 5_000);
    const end = await (
      await workflowWorker()
    ).runUntil(handle.result({ timeout: '30 seconds' }).catch((error: unknown) => error));
    expect(end).toMatchObject({ type: 'ExternalAPIError', message: 'down', outcome: 'never-sent' });
    await temporal.close();
  },
);
