import '../helpers/quiet-runtime.ts';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { confirmUnsent } from '../../src/activities/confirm-unsent.ts';
import { budgetFrom, ExternalApiClient, RequestCancelledError, type RequestHandle } from '../../src/client/index.ts';
import { closureOf, type BudgetView } from '../../src/contract/budget-view.ts';
import type { ErrorDetails } from '../../src/contract/failures.ts';
import { TASK_QUEUES } from '../../src/contract/names.ts';
import type { Priority, WaitReason } from '../../src/contract/values.ts';
import { OPEN_BUDGET, startBudgetPage, type BudgetPage } from '../helpers/budget-page.ts';
import { connectToTemporal, type TestTemporal } from '../helpers/temporal.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let temporal: TestTemporal;
let page: BudgetPage;
let client: ExternalApiClient;
let workers: Worker[];
let running: Promise<unknown>;

/** Workflows go on, and nobody takes the calls: as when the gate of every worker is closed. */
beforeAll(async () => {
  temporal = await connectToTemporal();
  page = await startBudgetPage();
  client = new ExternalApiClient(temporal.client, { budget: budgetFrom(page.url) });
  const shared = {
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    workflowBundle: { codePath: inject('workflowBundlePath') },
  };
  const authenticate = async () => ({ tokenGeneration: 1, expiresAt: new Date().toISOString(), mode: 'none' });
  workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: TASK_QUEUES.requests, activities: { authenticate, confirmUnsent } }),
    Worker.create({ ...shared, taskQueue: TASK_QUEUES.bulk }),
  ]);
  running = Promise.all(workers.map((worker) => worker.run()));
});
afterAll(async () => {
  for (const worker of workers) worker.shutdown();
  await running;
  await page[Symbol.asyncDispose]();
  await temporal.close();
});

const closed = (
  closedBy: BudgetView['closedBy'],
  nextPermitMs: number,
  bulkNextPermitMs = nextPermitMs,
): BudgetView => ({
  ...OPEN_BUDGET,
  closedBy,
  nextPermitMs,
  bulkNextPermitMs,
  asOf: new Date().toISOString(),
});

async function start(priority: Priority): Promise<RequestHandle> {
  const handle = await client.process({ data: 1 }, { priority, deadline: '10 minutes' });
  // A bulk request stands in its own queue from its first step on.
  const before = priority === 'bulk' ? 'authenticating' : 'submitting';
  await waitUntil('its next step is scheduled', async () => {
    const { status, waitingFor } = await handle.status();
    return status === before && waitingFor !== null;
  });
  return handle;
}

/** The page is read anew after 250 ms. */
async function expectWait(handle: RequestHandle, reason: WaitReason, until: string | null): Promise<void> {
  await waitUntil(`it waits for ${reason} until ${until}`, async () => {
    const { waitingFor } = await handle.status();
    return waitingFor?.reason === reason && waitingFor.until === until;
  });
}

test('[N6][M9] what stands in the queue waits for the budget, the provider or a worker, as the budget says', async () => {
  const [interactive, bulk] = await Promise.all([start('interactive'), start('bulk')]);
  const plain = new ExternalApiClient(temporal.client);
  await expectWait(interactive, 'worker', null);

  page.view = closed('budget', 30_000, 40_000);
  await expectWait(interactive, 'budget', closureOf(page.view, 'other')!.until);
  await expectWait(bulk, 'budget', closureOf(page.view, 'bulk')!.until);
  expect((await plain.status(interactive.requestId)).waitingFor).toMatchObject({ reason: 'worker', until: null });
  const why = await client.why(interactive.requestId);
  expect(why).toMatchObject({ reason: 'budget', evidence: { budget: page.view, workerAddress: page.url } });
  expect(why.sentence).toMatch(
    /^req_\w+ has waited \S+ s for the call budget: 412 of 1000 calls .*; the next may go at/,
  );

  page.view = closed(null, 0, 50_000);
  await expectWait(bulk, 'budget', closureOf(page.view, 'bulk')!.until);
  await expectWait(interactive, 'worker', null);

  page.view = closed('outage', 60_000);
  await expectWait(bulk, 'cool_down', closureOf(page.view, 'bulk')!.until);
  await expectWait(interactive, 'cool_down', closureOf(page.view, 'other')!.until);
  await Promise.all([interactive.cancel(), bulk.cancel()]);
});

test('[N6] without a worker that says the budget it waits for a worker, and why names where one was asked', async () => {
  const away = await startBudgetPage();
  const handle = await start('interactive');
  const lonely = new ExternalApiClient(temporal.client, { budget: budgetFrom(away.url) });
  await away[Symbol.asyncDispose]();
  expect((await lonely.status(handle.requestId)).waitingFor).toMatchObject({ reason: 'worker', until: null });
  expect((await lonely.why(handle.requestId)).sentence).toContain(`${away.url} does not answer (ECONNREFUSED)`);
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow(RequestCancelledError);
  expect((await lonely.why(handle.requestId)).sentence).toMatch(
    /was cancelled at .*: it was never sent to the provider/,
  );
});

test('[N6][M9] a call that waits for its permit in the activity, and one that gave its turn back, wait for the budget', async () => {
  page.view = closed('budget', 20_000);
  let giveUp = (): void => {};
  const givenUp = new Promise<void>((resolve) => (giveUp = resolve));
  const process = async (): Promise<never> => {
    Context.current().heartbeat({ sending: false });
    await givenUp;
    const details: Partial<ErrorDetails> = { failure: 'overBudget' };
    const type = 'APIRateLimitError';
    throw ApplicationFailure.create({ type, message: 'no room', details: [details], nextRetryDelay: 60_000 });
  };
  const calls = await Worker.create({
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    taskQueue: TASK_QUEUES.calls,
    activities: { process },
  });
  const done = calls.run();
  const handle = await client.process({ data: 1 });
  await expectWait(handle, 'budget', closureOf(page.view, 'other')!.until);
  page.view = OPEN_BUDGET;
  await expectWait(handle, 'provider_call', null);

  giveUp();
  const { since, until, reason } = await waitUntil('it gave its turn back', async () => {
    const { waitingFor } = await handle.status();
    return waitingFor?.attempt === 2 && waitingFor;
  });
  expect(reason).toBe('budget');
  expect(Math.round((Date.parse(until!) - Date.parse(since!)) / 1000)).toBe(60);
  expect(await client.why(handle.requestId)).toMatchObject({
    reason: 'budget',
    until,
    evidence: { lastFailure: { failure: 'overBudget', type: 'APIRateLimitError', message: 'no room' } },
  });
  await handle.cancel();
  calls.shutdown();
  await done;
});
