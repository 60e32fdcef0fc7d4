import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DELIVERY_TYPE, deliveryIdOf } from '../../src/contract/delivery.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { startReceiver, type Receiver } from '../helpers/receiver.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const SECRETS = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', `whsec_${Buffer.alloc(32, 7).toString('base64')}`];
let stack: InProcessStack;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await startInProcessStack({
    deliveries: { targets: { ports: [443], hosts: null, loopback: true }, secretsOf: () => SECRETS },
  });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const arrivedOf = (requestId: string) => waitUntil('it is delivered', () => receiver.about(requestId).at(0));

test('[N16] a completed request is told to its caller, as its status says it, signed with each secret', async () => {
  const { requestId, result, status } = await stack.client.process({
    data: 'told',
    options: { callbackUrl: `${receiver.url}?a=1` },
  });
  await result();
  const { method, path, headers, body } = await arrivedOf(requestId);
  expect({ method, path, type: headers['content-type'] }).toEqual({
    method: 'POST',
    path: '/hook?a=1',
    type: 'application/json',
  });
  const { completedAt } = await status();
  for (const secret of SECRETS) {
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'request.completed',
      timestamp: completedAt,
      data: {
        request_id: requestId,
        status: 'completed',
        completed_at: completedAt,
        result: { processed_data: expect.anything() },
      },
    });
  }
  const description = await stack.temporal.client.workflow.getHandle(deliveryIdOf(requestId)).describe();
  expect(description.type).toBe(DELIVERY_TYPE);
});
