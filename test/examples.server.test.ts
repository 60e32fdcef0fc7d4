import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { ExternalApiClient } from '../src/client/index.ts';
import { callsAbout } from './helpers/calls-about.ts';
import { startStack, startWorker, type Stack } from './helpers/stack.ts';
import { waitUntil } from './helpers/wait-until.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ fakeProvider: { settings: { jobDurationMs: 200 } } });
});
afterAll(() => stack[Symbol.asyncDispose]());

function run(example: string, more: Readonly<Record<string, string>> = {}) {
  const file = fileURLToPath(new URL(`../dist/examples/${example}.js`, import.meta.url));
  const env = { PATH: process.env['PATH'], PORT: '0', ...stack.clientEnv, ...more };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('[C4][M22] the example script reads, awaits and cancels', async () => {
  const example = run('read-await-cancel');
  const [output] = await Promise.all([text(example.stdout), once(example, 'close')]);
  expect(example.exitCode).toBe(0);
  expect(output).toMatch(/^req_\w{26} is (queued|authenticating|submitting|processing), waiting for /);
  expect(output).toContain('It has a result from the provider: {');
  expect(output).toMatch(/^Request req_\w{26} was cancelled\.$/m);
});

test('[C5][M22] the example service starts requests and answers its own users', async () => {
  const example = run('report-service');
  const closed = once(example, 'close');
  let output = '';
  example.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const origin = await waitUntil('it listens', () => /http:\S+:\d+/.exec(output)?.[0]);
  const report = (id: string, init?: RequestInit) => fetch(`${origin}/reports/${id}`, init);

  const started = await report('r1', { method: 'POST', body: 'once upon a time' });
  const again = await report('r1', { method: 'POST', body: 'once upon a time' });
  const { request } = (await started.json()) as { request: string };
  expect(await again.json()).toEqual({ report: 'r1', request });
  expect((await report('r1', { method: 'POST', body: 'another story' })).status).toBe(409);
  const finished = await waitUntil('it is completed', async () => {
    const body = (await (await report('r1')).json()) as { status: string; report?: unknown };
    return body.status === 'completed' && body;
  });
  expect(finished.report).toMatchObject({ sha256: expect.any(String) });
  expect((await report('unknown')).status).toBe(404);
  expect((await fetch(`${origin}/else`)).status).toBe(404);
  const submits = callsAbout(stack.fakeProvider, request, '/process');
  expect(submits).toHaveLength(1);

  example.kill('SIGTERM');
  await closed;
  expect(example.exitCode).toBe(0);
});

test('[N16][M22] the example receiver takes what is signed, once, and nothing else', async () => {
  const secret = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
  const example = run('webhook-receiver', { WEBHOOK_SECRET: secret });
  const closed = once(example, 'close');
  let output = '';
  example.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const url = await waitUntil('it listens', () => /http:\S+:\d+\/hooks\/results/.exec(output)?.[0]);
  const client = new ExternalApiClient(stack.temporal.client, { deliveryTargets: { loopback: true } });
  const { requestId, result } = await client.process({ data: 'told', options: { callbackUrl: url } });
  await result();
  const asked = (): Promise<Response> => fetch(new URL(`/results/${requestId}`, url));
  expect((await asked()).status).toBe(404);
  expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
  const env = { ...stack.clientEnv, DELIVERY_SECRETS: `default:${secret}`, DELIVERY_ALLOW_LOOPBACK: 'true' };
  const worker = await startWorker(env, { isReady: true, args: ['--deliveries'] });
  await waitUntil('it is told', async () => (await asked()).ok);
  expect(await (await asked()).json()).toMatchObject({ request_id: requestId, status: 'completed' });
  expect(output).toContain(`${requestId} has a result`);
  await worker.stop();
  example.kill('SIGTERM');
  await closed;
});

test('[C5][M22] the example worker takes the place of the command', async () => {
  await stack.worker.stop();
  const example = run('own-worker', { ...stack.workerEnv, LOG_LEVEL: 'silent' });
  const closed = once(example, 'close');
  const said = text(example.stdout);
  const client = new ExternalApiClient(stack.temporal.client);
  await (await client.process({ data: 'for the example' })).result();
  example.kill('SIGTERM');
  await closed;
  expect(example.exitCode).toBe(0);
  expect((await said).split('\n')).toEqual(expect.arrayContaining(['token 200 succeeded', 'submit 200 succeeded']));
});
