import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ExternalApiClient, type ProcessOptions } from '../../src/client/index.ts';
import { deliveryIdOf, type DeliveryEvent } from '../../src/contract/delivery.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { snapshotToWire } from '../../src/contract/wire-format.ts';
import { isWorkflowTaskEvent } from '../helpers/history-events.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startReceiver, type Arrived, type Receiver } from '../helpers/receiver.ts';
import { resetToBeforeSubmit } from '../helpers/reset-workflow.ts';
import { waitUntil } from '../helpers/wait-until.ts';
import { HERE, SECRET } from './delivery-under-test.ts';

const WHO = { by: 'ann', reason: 'the receiver is back' };
let stack: InProcessStack;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  const secretsOf = (tenant: string): string[] => (tenant === 'without-secret' ? [] : [SECRET]);
  stack = await startInProcessStack({ deliveries: { targets: HERE, secretsOf }, policy: { cancelCall: true } });
  stack.fake.settings.cancel = 'on';
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
  receiver.answer = (response) => response.writeHead(204).end();
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const start = (data: unknown, options: ProcessOptions = {}, async = false) =>
  stack.client.process({ data: { told: data as string }, options: { async, callbackUrl: receiver.url } }, options);

const delivered = (requestId: string, n = 0): Promise<Arrived> =>
  waitUntil(`delivery ${n} of ${requestId}`, () => receiver.about(requestId).at(n));

const eventOf = ({ body, headers }: Arrived): DeliveryEvent => ExternalApiClient.webhooks.unwrap(body, headers, SECRET);

/** Waits for the end of a request, however it is. */
async function ended({ requestId }: { requestId: string }): Promise<string> {
  await stack.client.result(requestId).catch(() => {});
  return requestId;
}

/** The end was told once, and as it is read. */
async function toldAsRead(requestId: string): Promise<DeliveryEvent> {
  const arrived = await delivered(requestId);
  const event = eventOf(arrived);
  expect(new Webhook(SECRET).verify(arrived.body, arrived.headers as Record<string, string>)).toEqual(event);
  const snapshot = await stack.client.status(requestId);
  expect(event).toEqual({
    type: `request.${snapshot.status}`,
    timestamp: snapshot.completedAt,
    data: JSON.parse(JSON.stringify(snapshotToWire(snapshot))) as unknown,
  });
  await stack.temporal.client.workflow.getHandle(deliveryIdOf(requestId)).result();
  expect(receiver.about(requestId)).toHaveLength(1);
  return event;
}

test('[N16] a completed request, answered at once or polled, is told once, as GET /status has it', async () => {
  const event = await toldAsRead(await ended(await start('completed')));
  expect(event).toMatchObject({ type: 'request.completed', data: { result: { processed_data: expect.anything() } } });
  stack.fake.settings.jobDurationMs = 200;
  await toldAsRead(await ended(await start('polled', {}, true)));
});

test('[N16] a failed one is told with its error', async () => {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 400, body: { error: 'no' } } });
  const event = await toldAsRead(await ended(await start('refused')));
  expect(event).toMatchObject({ type: 'request.failed', data: { error: { type: 'ExternalAPIError' } } });
});

test('[N16] one whose deadline passed is told as timed out', async () => {
  stack.fake.settings.jobDurationMs = 600_000;
  const event = await toldAsRead(await ended(await start('late', { deadline: '4 seconds' }, true)));
  expect(event).toMatchObject({ type: 'request.timed_out', data: { error: { type: 'APITimeoutError' } } });
});

test('[N16][N11] a cancelled one is told with what became of the work', async () => {
  stack.fake.settings.jobDurationMs = 600_000;
  const handle = await start('cancelled', {}, true);
  await waitUntil('it is polled', async () => (await handle.status()).status === 'processing');
  await handle.cancel('no longer needed');
  const event = await toldAsRead(await ended(handle));
  expect(event).toMatchObject({ type: 'request.cancelled', data: { cancellation: 'cancelled_at_provider' } });
});

test('[N16][N9] a callback URL costs a request six events, and one without costs what it did', async () => {
  const count = async (requestId: string): Promise<[all: number, ofTasks: number]> => {
    const events = await stack.events(requestId);
    return [events.length, events.filter(isWorkflowTaskEvent).length];
  };
  expect(await count(await ended(await stack.client.process({ data: 'plain' }, { cache: 'off' })))).toEqual([17, 9]);
  // The child, that it has started, the time limit of that, and the workflow task that sees it.
  expect(await count(await ended(await start('counted', { cache: 'off' })))).toEqual([23, 12]);
});

test('[N16] a receiver that is down when a request ends is told when it is up, and the request did not wait', async () => {
  const down = await startReceiver();
  const { url, port } = down;
  await down[Symbol.asyncDispose]();
  const { requestId, result } = await stack.client.process({ data: 'down', options: { callbackUrl: url } });
  expect(await result()).toMatchObject({ status: 'completed' });
  const pending = await waitUntil('an attempt has failed', async () => {
    for await (const one of stack.client.deliveries.list({ status: 'pending' })) {
      if (one.requestId === requestId && one.attempts === 1) return one;
    }
    return null;
  });
  expect(pending).toMatchObject({
    requestStatus: 'completed',
    target: new URL(url).origin,
    reason: expect.stringContaining('ECONNREFUSED'),
    nextAttemptAt: expect.any(String),
  });
  await using up = await startReceiver({ port });
  const arrived = await waitUntil('it is told', () => up.about(requestId).at(0));
  expect(eventOf(arrived)).toMatchObject({ type: 'request.completed' });
});

test('[N16] without a secret of its tenant a delivery waits, and is not lost', async () => {
  const requestId = await ended(await start('unsigned', { tenant: 'without-secret' }));
  const pending = await waitUntil('it waits', async () => {
    for await (const one of stack.client.deliveries.list({ status: 'pending', tenant: 'without-secret' })) {
      if (one.reason !== null) return one;
    }
    return null;
  });
  expect(pending).toMatchObject({ requestId, attempts: 0, reason: expect.stringMatching(/^No secret to sign with/) });
  expect(receiver.about(requestId)).toEqual([]);
});

test('[N16] what the receiver wants no more (410) is a dead letter, and told again with the same id and body', async () => {
  receiver.answer = (response) => response.writeHead(410).end();
  const requestId = await ended(await start('gone', { tenant: 'gone' }));
  const first = await delivered(requestId);
  const deadOf = async () => {
    for await (const one of stack.client.deliveries.list({ tenant: 'gone' })) return one;
    return null;
  };
  const dead = await waitUntil('it is listed', deadOf);
  expect(dead).toMatchObject({
    requestId,
    tenant: 'gone',
    status: 'dead',
    requestStatus: 'completed',
    attempts: 1,
    reason: expect.stringMatching(/wants no more deliveries \(410\)$/),
  });
  expect(receiver.about(requestId)).toHaveLength(1);

  receiver.answer = (response) => response.writeHead(204).end();
  const { webhookId } = await stack.client.deliveries.redeliver(requestId, WHO);
  const second = await delivered(requestId, 1);
  expect(second.body).toEqual(first.body);
  expect([first, second].map(({ headers }) => headers['webhook-id'])).toEqual([webhookId, webhookId]);
  await stack.temporal.client.workflow.getHandle(deliveryIdOf(requestId)).result();
  await waitUntil('it is no dead letter any more', async () => (await deadOf()) === null);
  const { memo } = await stack.temporal.client.workflow.getHandle(deliveryIdOf(requestId)).describe();
  expect(memo).toMatchObject({ tenant: 'gone', redelivered: WHO });
});

test('[N16] after a terminate nothing is told; an operator may have it told', async () => {
  stack.fake.settings.jobDurationMs = 600_000;
  const handle = await start('terminated', {}, true);
  await waitUntil('it is polled', async () => (await handle.status()).status === 'processing');
  await stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).terminate('by hand');
  await expect(stack.temporal.client.workflow.getHandle(deliveryIdOf(handle.requestId)).describe()).rejects.toThrow(
    /not found/,
  );
  await stack.client.deliveries.redeliver(handle.requestId, WHO);
  expect(eventOf(await delivered(handle.requestId))).toMatchObject({
    type: 'request.cancelled',
    data: { cancellation: 'terminated' },
  });
});

test('[N16] what still runs, had no URL, or is not there, has no end to tell', async () => {
  const redeliver = (requestId: string) => stack.client.deliveries.redeliver(requestId, WHO);
  stack.fake.settings.jobDurationMs = 600_000;
  const running = await start('running', {}, true);
  await expect(redeliver(running.requestId)).rejects.toMatchObject({ code: 'NOTHING_TO_DELIVER' });
  await running.cancel();
  stack.fake.settings.jobDurationMs = 0;
  const plain = await stack.client.process({ data: 'no url' });
  await plain.result();
  await expect(redeliver(plain.requestId)).rejects.toThrow(/was started without a callback URL/);
  await expect(redeliver(`req_${'0'.repeat(26)}`)).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
  await expect(stack.client.deliveries.redeliver(plain.requestId, { ...WHO, by: '' })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
});

test('[N16] a request that is reset and ends again tells that end too, under an id of its own', async () => {
  const requestId = await ended(await start('reset'));
  const first = await delivered(requestId);
  await stack.temporal.client.workflow.getHandle(deliveryIdOf(requestId)).result();
  await resetToBeforeSubmit(stack, requestId);
  await waitUntil('its outcome is unknown', async () => {
    return (await stack.client.status(requestId)).status === 'outcome_unknown';
  });
  await stack.client.resolve(requestId, { decision: 'abandon', ...WHO });
  const second = await delivered(requestId, 1);
  expect(eventOf(second)).toMatchObject({ type: 'request.failed', data: { error: { type: 'OutcomeUnknown' } } });
  expect(second.headers['webhook-id']).not.toBe(first.headers['webhook-id']);
});
