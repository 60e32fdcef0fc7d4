import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { createProcess } from '../../src/activities/process.ts';
import { ExternalApiClient } from '../../src/client/index.ts';
import type { SubmitInput } from '../../src/contract/activities.ts';
import { TASK_QUEUES, WORKFLOW_TYPE, workflowIdOf } from '../../src/contract/names.ts';
import { WORKFLOW_VERSION } from '../../src/contract/request.ts';
import { readPending } from '../../src/client/server-view.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let stack: InProcessStack;

beforeAll(async () => void (stack = await startInProcessStack()));
afterAll(() => stack[Symbol.asyncDispose]());

/** As code from before there were versions started it. */
const ARGS = { tenant: 'default', data: 1, options: { async: false, callbackUrl: null }, deadlineMs: 600_000 };

test('[N9][N1] a request that other code started makes no step, says so in its workflow task, and sends nothing', async () => {
  const requestId = `req_${'0'.repeat(26)}`;
  const { workflow } = stack.temporal.client;
  const workflowId = workflowIdOf(requestId);
  const args = [{ ...ARGS, requestId, searchAttributes: false }];
  await workflow.start(WORKFLOW_TYPE, { workflowId, taskQueue: TASK_QUEUES.requests, args });
  const failed = await waitUntil('its workflow task fails', async () => {
    const events = await stack.events(requestId);
    return events.find((event) => event.workflowTaskFailedEventAttributes)?.workflowTaskFailedEventAttributes;
  });
  expect(failed.failure?.message).toMatch(/started by code of version none, .* version 1: .*sends nothing/);
  expect(await new ExternalApiClient(stack.temporal.client).status(requestId)).toMatchObject({ status: 'queued' });
  const { activities, status } = await readPending(stack.temporal.client, workflowId);
  expect({ activities, status }).toEqual({ activities: [], status: 'running' });
  expect(stack.count(requestId, '/process')).toBe(0);
});

test.each([undefined, WORKFLOW_VERSION + 1])(
  '[N9][N1] a submit that code of version %s scheduled is not sent, and waits for its own code',
  async (version) => {
    const input = { version, requestId: 'req_1', data: 1 } as unknown as SubmitInput;
    const submit = createProcess({} as ActivityDeps);
    await expect(new MockActivityEnvironment().run(submit, input)).rejects.toMatchObject({
      type: 'OtherVersion',
      nonRetryable: false,
      nextRetryDelay: expect.anything(),
      message: expect.stringMatching(/sends nothing/),
    });
  },
);
