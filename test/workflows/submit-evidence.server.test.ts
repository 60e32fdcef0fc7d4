import { expect, test } from 'vitest';
import { ExternalApiClient } from '../../src/client/index.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { readPending } from '../../src/client/server-view.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack } from '../helpers/in-process-stack.ts';
import { startStack, startWorker } from '../helpers/stack.ts';
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
