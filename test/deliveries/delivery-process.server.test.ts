import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { startReceiver, type Receiver } from '../helpers/receiver.ts';
import { startStack, startWorker, type Stack } from '../helpers/stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** By processes as they are deployed: one worker that calls the provider, another that delivers and has no credentials. */

const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
let stack: Stack;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  stack = await startStack({ workerEnv: { EXTERNAL_API_POLL_INITIAL: '0.05' } });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

const cli = (...args: string[]) => runCli(args, { env: { ...stack.clientEnv, DELIVERY_ALLOW_LOOPBACK: 'true' } });

test('[N16][M4] without a worker that delivers a request ends as ever; one that comes tells the end, and needs no credentials', async () => {
  const { code, stdout } = await cli('process', '--data', '1', '--callback-url', receiver.url, '--wait');
  expect(code).toBe(0);
  const { request_id: requestId } = JSON.parse(stdout) as { request_id: string };
  const listed = await cli('deliveries', 'list', '--status', 'pending');
  expect(JSON.parse(listed.stdout)).toMatchObject({
    deliveries: [{ request_id: requestId, status: 'pending', request_status: 'completed', attempts: 0 }],
  });
  expect(receiver.about(requestId)).toEqual([]);

  const worker = await startWorker(
    { ...stack.clientEnv, DELIVERY_SECRETS: `default:${SECRET}`, DELIVERY_ALLOW_LOOPBACK: 'true' },
    { isReady: true, args: ['--deliveries'] },
  );
  try {
    const { headers, body } = await waitUntil('it is delivered', () => receiver.about(requestId).at(0));
    const told = new Webhook(SECRET).verify(body, headers as Record<string, string>);
    expect(told).toMatchObject({ type: 'request.completed', data: { request_id: requestId } });
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toMatch(/^external_api_deliveries_total\{outcome="delivered"\} 1$/m);
    expect(metrics).toMatch(/^external_api_delivery_lag_seconds_count\S* 1$/m);
    expect((await fetch(`${worker.url}/budget`)).status).toBe(404);
  } finally {
    await worker.stop();
  }
});
