import { expect, test } from 'vitest';
import { APITimeoutError, ExternalApiClient } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { connectToTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

test('[M6][C3] the deadline counts from the start of the request, also while no worker is there', async () => {
  const temporal = await connectToTemporal();
  const handle = await new ExternalApiClient(temporal.client).process({ data: 1 }, { deadline: '1 second' });
  const { createdAt, waitingFor } = await handle.status();
  expect(waitingFor).toMatchObject({ reason: 'worker', since: expect.any(String) });
  await waitUntil('the deadline has passed', () => Date.now() > Date.parse(createdAt) + 1_100);

  await using stack = await startInProcessStack({ temporal });
  await expect(handle.result()).rejects.toThrow(APITimeoutError);
  expect(stack.fake.ledger.filter(({ endpoint }) => endpoint === '/process')).toEqual([]);
  expect((await handle.status()).createdAt).toBe(createdAt);
  // A busy server may let an activity of one millisecond run for seconds: none may begin.
  const { events } = await temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).fetchHistory();
  expect(events?.filter((event) => event.activityTaskScheduledEventAttributes)).toEqual([]);
});
