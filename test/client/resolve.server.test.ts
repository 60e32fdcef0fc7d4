import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExternalApiClient, NothingToDecideError } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await connectToTemporal();
});
afterAll(() => temporal.close());

test('[N1] a decision that a request has ended under is refused as one that came too late', async () => {
  const { connection, namespace } = temporal;
  const endsFirst = new Client({
    connection,
    namespace,
    interceptors: {
      workflow: [
        {
          async startUpdate(input, next) {
            await temporal.client.workflow.getHandle(input.workflowExecution.workflowId ?? '').terminate();
            return await next(input);
          },
        },
      ],
    },
  });
  const { requestId } = await new ExternalApiClient(temporal.client).process({ data: 1 });
  const decided = new ExternalApiClient(endsFirst).resolve(requestId, {
    decision: 'resubmit',
    by: 'jo',
    reason: 'a test',
  });
  await expect(decided).rejects.toBeInstanceOf(NothingToDecideError);
  expect((await temporal.client.workflow.getHandle(workflowIdOf(requestId)).describe()).status.name).toBe('TERMINATED');
});
