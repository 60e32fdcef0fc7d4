import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { RequestCancelledError, type RequestHandle, type RequestSnapshot } from '../../src/client/index.ts';
import type { Fault } from '../../src/fake-provider/faults.ts';
import type { Idempotency } from '../../src/contract/values.ts';
import { workflowIdOf } from '../../src/contract/names.ts';
import { readPending } from '../../src/client/server-view.ts';
import { startInProcessStack, type InProcessStack, type StackOptions } from '../helpers/in-process-stack.ts';
import { startRawServer } from '../helpers/raw-server.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** So long that the cancel comes while the submit waits for its next attempt. */
const PATIENT = { retryDelayMs: 60_000, maxRetries: 5 };

async function startPatient(idempotency: Idempotency, options: StackOptions = {}): Promise<InProcessStack> {
  return await startInProcessStack({ policy: { ...PATIENT, idempotency }, random: () => 1, ...options });
}

async function waits(handle: RequestHandle): Promise<void> {
  await waitUntil('the submit waits for its next attempt', async () => {
    const { status, waitingFor } = await handle.status();
    // Not while its first attempt is under way (`provider_call`): that one may arrive after the cancel.
    return status === 'submitting' && (waitingFor?.reason === 'cool_down' || waitingFor?.reason === 'retry_backoff');
  });
}

async function cancelled(handle: RequestHandle): Promise<RequestSnapshot> {
  await handle.cancel('no longer needed');
  await expect(handle.result()).rejects.toThrow(RequestCancelledError);
  return await handle.status();
}

const status = (code: number, headers = {}): Fault => ({ kind: 'status', code, headers });

test.each<[string, Idempotency, Fault, 'nothing_sent' | 'outcome_unknown']>([
  ['429', 'none', status(429, { 'retry-after': '600' }), 'nothing_sent'],
  ['503 with Retry-After', 'none', status(503, { 'retry-after': '600' }), 'nothing_sent'],
  ['429', 'key', status(429, { 'retry-after': '600' }), 'nothing_sent'],
  ['500', 'key', status(500), 'outcome_unknown'],
  ['500', 'resend', status(500), 'outcome_unknown'],
  ['a lost reply', 'key', { kind: 'executed-no-answer' }, 'outcome_unknown'],
  ['a reset before it was read', 'key', { kind: 'reset-before-read' }, 'outcome_unknown'],
  ['half of an answer', 'resend', { kind: 'truncated-body' }, 'outcome_unknown'],
])('[N14][N11] E1: cancelled while the submit met %s in mode %s', async (_met, mode, fault, cancellation) => {
  await using stack = await startPatient(mode);
  stack.fake.script({ endpoint: '/process', times: 99, fault });
  const handle = await stack.client.process({ data: 1 });
  await waits(handle);
  const { length } = stack.fake.ledger;
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation, error: null });
  expect(stack.fake.ledger).toHaveLength(length);
});

/** How a provider answers a submit that was cancelled meanwhile. */
const LATER = { 'retry-after': '600' };
const ANSWERS: Record<string, (res: ServerResponse) => void> = {
  '429': (res) => void res.writeHead(429, LATER).end('{}'),
  '503 with Retry-After': (res) => void res.writeHead(503, LATER).end('{}'),
  '500': (res) => void res.writeHead(500).end('{}'),
  'a lost reply': (res) => void res.destroy(),
};

test.each<[string, Idempotency, 'nothing_sent' | 'outcome_unknown']>([
  ['429', 'none', 'nothing_sent'],
  ['429', 'key', 'nothing_sent'],
  ['503 with Retry-After', 'none', 'nothing_sent'],
  ['503 with Retry-After', 'resend', 'nothing_sent'],
  ['500', 'none', 'outcome_unknown'],
  ['500', 'key', 'outcome_unknown'],
  ['500', 'resend', 'outcome_unknown'],
  ['a lost reply', 'none', 'outcome_unknown'],
  ['a lost reply', 'key', 'outcome_unknown'],
  ['a lost reply', 'resend', 'outcome_unknown'],
])(
  '[N14][N11] E1: cancelled while the submit is on its way, which then meets %s, mode %s',
  async (met, mode, cancellation) => {
    const held: ServerResponse[] = [];
    await using provider = await startRawServer({ onCall: (_call, res) => void held.push(res) });
    await using stack = await startPatient(mode, { provider: { baseUrl: new URL(provider.url) } });
    const handle = await stack.client.process({ data: 1 });
    await waitUntil('it is on its way', () => provider.arrivals().length === 1);
    await handle.cancel('no longer needed');
    await waitUntil('the submit knows', async () => {
      const { activities } = await readPending(stack.temporal.client, workflowIdOf(handle.requestId));
      return activities.some(({ name, state }) => name === 'process' && state === 'cancel_requested');
    });
    held.forEach(ANSWERS[met]!);
    await expect(handle.result()).rejects.toThrow(RequestCancelledError);
    expect(await handle.status()).toMatchObject({ status: 'cancelled', cancellation, error: null });
    expect(provider.arrivals()).toHaveLength(1);
  },
);

test('[N14][N11] E1: cancelled while the submit cannot reach the provider', async () => {
  const provider = await startRawServer();
  await using stack = await startPatient('none', { provider: { baseUrl: new URL(provider.url) } });
  await stack.client.process({ data: 0 });
  await waitUntil('there is a token', () => provider.arrivals().length === 1);
  await provider.close();
  const handle = await stack.client.process({ data: 1 });
  await waits(handle);
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'nothing_sent' });
});

test('[N14][N11] E2: 100 requests cancelled behind a closed budget were not sent, and say so', async () => {
  // One permit: it is the token's.
  await using stack = await startPatient('none', { budget: { limit: 1, windowMs: 600_000 } });
  const handles = await Promise.all(Array.from({ length: 100 }, (_, n) => stack.client.process({ data: n })));
  await waitUntil('all are at their submit', async () => {
    const snapshots = await Promise.all(handles.map((handle) => handle.status()));
    return snapshots.every((snapshot) => snapshot.status === 'submitting');
  });
  const snapshots = await Promise.all(handles.map(cancelled));
  expect(new Set(snapshots.map(({ status: end, cancellation }) => `${end} ${cancellation}`))).toEqual(
    new Set(['cancelled nothing_sent']),
  );
  expect(stack.fake.ledger.map(({ endpoint }) => endpoint)).toEqual(['/oauth/token']);
});

test('[N14][N11] E1: cancelled in an outage that is another request’s doing', async () => {
  await using stack = await startPatient('none', { budget: { outageAfter: 1, probeMs: 600_000 } });
  stack.fake.script({ endpoint: '/process', fault: status(502) });
  const first = await stack.client.process({ data: 0 });
  await waitUntil('it is down', () => stack.budget.isDown);
  const handle = await stack.client.process({ data: 1 });
  await waitUntil('it is at its submit', async () => (await handle.status()).status === 'submitting');
  expect(await cancelled(handle)).toMatchObject({ status: 'cancelled', cancellation: 'nothing_sent' });
  expect(await cancelled(first)).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
  expect(stack.count(handle.requestId, '/process')).toBe(0);
});
