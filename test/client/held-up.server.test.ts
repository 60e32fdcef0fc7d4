import '../helpers/quiet-runtime.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TASK_QUEUES, WORKFLOW_TYPE, workflowIdOf } from '../../src/contract/names.ts';
import type { WaitReason } from '../../src/contract/values.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let stack: InProcessStack;
beforeAll(async () => void (stack = await startInProcessStack({ policy: { maxRetries: 100, retryDelayMs: 300 } })));
afterAll(() => stack[Symbol.asyncDispose]());

/** What `why` says as soon as it waits for `reason`. */
const whyOnce = (requestId: string, reason: WaitReason) =>
  waitUntil(`it says ${reason}`, async () => {
    const why = await stack.client.why(requestId);
    return why.reason === reason && why;
  });

test('[N6] a workflow task that fails, because a deploy brought other code, is what a request waits for', async () => {
  const requestId = `req_${'0'.repeat(26)}`;
  const { workflow } = stack.temporal.client;
  // No worker of today has the code that began it.
  const args = [{ requestId, tenant: 'default', data: 1, deadlineMs: 600_000, searchAttributes: false }];
  await workflow.start(WORKFLOW_TYPE, { workflowId: workflowIdOf(requestId), taskQueue: TASK_QUEUES.requests, args });
  const { sentence, status, evidence } = await whyOnce(requestId, 'task_failing');
  expect(sentence).toContain('makes no step: its workflow task has failed, or had no answer,');
  expect(status).toBe('queued');
  expect(evidence.attempt).toBeGreaterThan(1);
});

test('[N6] a step that an operator paused is what a request waits for, until it is unpaused', async () => {
  stack.fake.script({ endpoint: '/oauth/token', times: 1_000, fault: { kind: 'status', code: 500 } });
  const { requestId, result } = await stack.client.process({ data: 1 });
  await whyOnce(requestId, 'retry_backoff');
  const { client, namespace } = stack.temporal;
  const step = { namespace, execution: { workflowId: workflowIdOf(requestId) }, type: 'authenticate' };
  await client.workflowService.pauseActivity({ ...step, identity: 'jo', reason: 'the provider moves' });
  const paused = await whyOnce(requestId, 'paused');
  expect(paused.sentence).toMatch(/is paused since \S+: an operator paused its step/);
  expect(await stack.client.status(requestId)).toMatchObject({
    status: 'authenticating',
    waitingFor: { reason: 'paused' },
  });
  stack.fake.clearFaults();
  await client.workflowService.unpauseActivity({ ...step, identity: 'jo' });
  expect(await result()).toMatchObject({ status: 'completed' });
});
