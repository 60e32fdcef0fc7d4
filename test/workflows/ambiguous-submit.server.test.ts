import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NotRetryableError } from '../../src/client/index.ts';
import type { Fault } from '../../src/fake-provider/faults.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const WHO = { by: 'ann', reason: 'looked it up' };
const AMBIGUOUS: [string, Fault][] = [
  ['500', { kind: 'status', code: 500 }],
  ['a reset', { kind: 'reset-after-read' }],
  ['no answer', { kind: 'executed-hang' }],
  ['half of an answer', { kind: 'truncated-body' }],
];

let keyed: InProcessStack;
let resending: InProcessStack;

beforeAll(async () => {
  const provider = { timeoutMs: 400 };
  // A cached answer would stand in for what may have been done.
  const fallbacks = {
    stub: async () => ({ processedData: 'stand-in', metadata: { processingTime: 0, version: '0' } }),
  };
  const cache = { fallback: 'stub', fallbacks };
  [keyed, resending] = await Promise.all([
    startInProcessStack({ policy: { idempotency: 'key', maxRetries: 2 }, provider, cache }),
    startInProcessStack({ policy: { idempotency: 'resend', maxRetries: 2 }, provider }),
  ]);
});
beforeEach(() => {
  keyed.fake.clearFaults();
  resending.fake.clearFaults();
});
afterAll(() => Promise.all([keyed[Symbol.asyncDispose](), resending[Symbol.asyncDispose]()]));

describe('tries used up on a submit without a clear answer', () => {
  test.each(AMBIGUOUS)('[N14][N1] E3: %s in mode key: held, and resolvable', async (_met, fault) => {
    keyed.fake.script({ endpoint: '/process', times: 2, fault });
    const handle = await keyed.client.process({ data: 1 });
    await waitUntil('it is held', async () => (await handle.status()).status === 'outcome_unknown');
    expect(keyed.count(handle.requestId, '/process')).toBe(2);
    // "Send it again" would do the work twice.
    expect(await handle.status()).toMatchObject({ error: { retryable: false, outcome: 'ambiguous' } });
    await keyed.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
    expect(await handle.result()).toMatchObject({ status: 'completed', source: 'provider' });
  });

  test.each(AMBIGUOUS)('[N14] E3: %s in mode resend: failed, and may be sent again', async (_met, fault) => {
    resending.fake.script({ endpoint: '/process', times: 2, fault });
    const handle = await resending.client.process({ data: 1 });
    await waitUntil('it has failed', async () => (await handle.status()).status === 'failed');
    expect(await handle.status()).toMatchObject({
      error: { retryable: true, outcome: 'ambiguous' },
    });
  });
});

test('[N18][N1] E12: a retry that adopted work and lost sight of it is about the submit of the first, also when it is made again', async () => {
  await using stack = await startInProcessStack({ policy: { idempotency: 'key', maxRetries: 2 } });
  const { fake, client } = stack;
  fake.settings.jobDurationMs = 600_000;
  fake.script({ endpoint: '/status/{request_id}', times: 2, fault: { kind: 'status', code: 500 } });
  const first = await client.process({ data: { at: performance.now() }, options: { async: true } });
  await first.result().catch(() => {});
  const { requestId } = first;
  fake.script({ endpoint: '/status/{request_id}', times: 2, fault: { kind: 'status', code: 500 } });
  const second = await client.retry(requestId);
  await second.result().catch(() => {});
  fake.script({ endpoint: '/status/{request_id}', fault: { kind: 'status', code: 404 } });
  // As far from the submit as can be: the retry of a retry.
  const third = await client.retry(second.requestId);
  await waitUntil('it is held', async () => (await third.status()).status === 'outcome_unknown');
  expect((await client.why(third.requestId)).sentence).toContain(`ask the provider for Idempotency-Key ${requestId},`);
  await client.resolve(third.requestId, { decision: 'resubmit', ...WHO });
  const submits = await waitUntil('it is submitted again', () => {
    const seen = callsAbout(fake, requestId, '/process');
    return seen.length === 2 && seen;
  });
  expect(submits.map(({ executed }) => executed)).toEqual([true, false]);
  expect(callsAbout(fake, third.requestId, '/process')).toEqual([]);
  await third.cancel();
});

describe('the provider still works on the first submit of this key', () => {
  test.each<[number, Record<string, string>]>([
    [409, {}],
    [409, { 'retry-after': '1' }],
    [423, {}],
    [425, { 'retry-after': '1' }],
  ])('[N14][N1] E4: %i with headers %j: waits, then has the result', async (code, headers) => {
    keyed.fake.script(
      { endpoint: '/process', fault: { kind: 'executed-no-answer' } },
      { endpoint: '/process', times: 4, fault: { kind: 'status', code, headers } },
    );
    const handle = await keyed.client.process({ data: code });
    expect(await handle.result()).toMatchObject({ status: 'completed', source: 'provider' });
    const submits = keyed.fake.ledger.filter((call) => call.idempotencyKey === handle.requestId);
    expect(submits.map(({ statusCode }) => statusCode)).toEqual([null, code, code, code, code, 200]);
    expect(submits.filter(({ executed }) => executed)).toHaveLength(1);
  });

  test('[N14] E4: a 409 to the first submit of a key is an answer', async () => {
    keyed.fake.script({ endpoint: '/process', fault: { kind: 'status', code: 409 } });
    const handle = await keyed.client.process({ data: 1 });
    await expect(handle.result()).rejects.toThrow('Conflict');
    expect(await handle.status()).toMatchObject({ status: 'failed', error: { statusCode: 409, retryable: false } });
  });
});

describe('a lost reply, and then an answer that is no word on the work', () => {
  test.each<[string, Fault]>([
    ['no access', { kind: 'status', code: 403 }],
    ['a proxy', { kind: 'status', code: 405 }],
    ['a redirect', { kind: 'status', code: 302 }],
    ['a key that was used', { kind: 'status', code: 422 }],
  ])('[N14][N1] E3 E5: %s: held, and never sent again', async (_what, fault) => {
    keyed.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } }, { endpoint: '/process', fault });
    const handle = await keyed.client.process({ data: { at: performance.now() } });
    await waitUntil('it is held', async () => (await handle.status()).status === 'outcome_unknown');
    await expect(keyed.client.retry(handle.requestId)).rejects.toThrow(NotRetryableError);
    await keyed.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
    await handle.result().catch(() => {});
    await expect(keyed.client.retry(handle.requestId)).rejects.toThrow(NotRetryableError);
    expect(callsAbout(keyed.fake, handle.requestId, '/process').map(({ executed }) => executed)).toEqual([true, false]);
  });
});

test('[N14][N1] E5: mode none, submitted again by a person, and its key was used: the question is open again', async () => {
  await using stack = await startInProcessStack();
  const used = { kind: 'status', code: 422, body: { error: 'this key was used' } } as const;
  stack.fake.script(
    { endpoint: '/process', fault: { kind: 'executed-no-answer' } },
    { endpoint: '/process', fault: used },
  );
  const handle = await stack.client.process({ data: { at: performance.now() } });
  await waitUntil('it is held', async () => (await handle.status()).status === 'outcome_unknown');
  await stack.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
  await waitUntil('it is held again', async () => {
    const { status, error } = await handle.status();
    return status === 'outcome_unknown' && error?.statusCode === 422;
  });
  expect((await stack.client.why(handle.requestId)).sentence).toContain('this key was used');
});

test('[N14][N1] E5: mode key: a lost reply, and then a refusal of the input: failed, since the first one was refused too', async () => {
  const refused = { kind: 'status', code: 400 } as const;
  const faults = [{ kind: 'reset-after-read' } as const, refused];
  keyed.fake.script(...faults.map((fault) => ({ endpoint: '/process', fault }) as const));
  const handle = await keyed.client.process({ data: { at: performance.now() } });
  await expect(handle.result()).rejects.toThrow('Bad Request');
  expect(await handle.status()).toMatchObject({ status: 'failed', error: { outcome: 'final', failure: 'rejected' } });
});
