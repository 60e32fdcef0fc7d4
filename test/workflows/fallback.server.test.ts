import { defineSearchAttributeKey } from '@temporalio/common';
import { Worker } from '@temporalio/worker';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { AnswerCache } from '../../src/answers/answer-cache.ts';
import type { FailedRequest } from '../../src/answers/fallback.ts';
import { ExternalAPIError, OutcomeUnknownError } from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES, workflowIdOf } from '../../src/contract/names.ts';
import { startInProcessStack, type InProcessStack, type StackOptions } from '../helpers/in-process-stack.ts';
import { loggedErrors } from '../helpers/quiet-runtime.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const STUB = { processedData: 'stand-in', metadata: { processingTime: null, version: null } };
const DOWN = { endpoint: '/process', times: 3, fault: { kind: 'status', code: 503 } } as const;
const attentionKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.attention, 'KEYWORD');

async function start(cache: NonNullable<StackOptions['cache']>, options: StackOptions = {}): Promise<InProcessStack> {
  // Submits may be repeated, so that a 503 is a failure and not an unknown outcome.
  const stack = await startInProcessStack({ cache, ...options, policy: { idempotency: 'resend', ...options.policy } });
  onTestFinished(() => stack[Symbol.asyncDispose]());
  return stack;
}

/** With the last good answer as the fallback. Equal requests are calls all the same: the TTL is 0. */
async function startWithLastGood() {
  const clock = { ahead: 0 };
  const answers = new AnswerCache({
    ttlMs: 0,
    fallbackMaxAgeMs: 3_600_000,
    scope: 'test',
    observer: { answerLookedUp: () => {}, answersUnavailable: () => {} },
    now: () => Date.now() + clock.ahead,
  });
  return { clock, stack: await start({ answers, fallback: 'cache' }) };
}

async function attentionOf({ temporal }: InProcessStack, requestId: string): Promise<string | undefined> {
  const description = await temporal.client.workflow.getHandle(workflowIdOf(requestId)).describe();
  return description.typedSearchAttributes.get(attentionKey);
}

/** What was logged at ERROR of a request: its end, which comes a moment later. */
async function logged(requestId: string): Promise<unknown[]> {
  const ofRequest = () => loggedErrors.filter((entry) => entry['request_id'] === requestId);
  await waitUntil('its end is logged', () => ofRequest().length > 0);
  return ofRequest();
}

function activitiesOf(events: Awaited<ReturnType<InProcessStack['events']>>): (string | null | undefined)[] {
  return events.flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

describe('the last good answer', () => {
  test('[M13] stands in after the retries, marked, with the failure, and logged at ERROR', async () => {
    const { stack } = await startWithLastGood();
    const good = await (await stack.client.process({ data: 'x' })).result();
    stack.fake.script(DOWN);
    const handle = await stack.client.process({ data: 'x' });
    const { result, source } = await handle.result();
    expect({ result, source }).toEqual({ result: good.result, source: 'fallback' });
    expect(stack.count(handle.requestId, '/process')).toBe(3);
    expect(await handle.status()).toMatchObject({
      status: 'completed',
      source: 'fallback',
      cachedAt: expect.stringMatching(/Z$/),
      error: { type: 'ExternalAPIError', message: expect.stringMatching(/^Service Unavailable/), statusCode: 503 },
    });
    expect(await attentionOf(stack, handle.requestId)).toBe('fallback');
    expect(await logged(handle.requestId)).toEqual([
      expect.objectContaining({
        event: 'external_api_request_ended',
        status: 'completed',
        source: 'fallback',
        error_type: 'ExternalAPIError',
        reason: expect.stringMatching(/^Service Unavailable/),
      }),
    ]);
    const history = await stack.temporal.client.workflow.getHandle(workflowIdOf(handle.requestId)).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: { codePath: inject('workflowBundlePath') } }, history);
  });

  test('[M13] too old, of another input or of another tenant, does not: the request fails as it would without', async () => {
    const { clock, stack } = await startWithLastGood();
    await (await stack.client.process({ data: 'x' })).result();
    clock.ahead = 3_601_000;
    for (const [data, tenant] of [
      ['x', 'default'],
      ['y', 'default'],
      ['x', 'other'],
    ] as const) {
      if (data === 'y') clock.ahead = 0;
      stack.fake.script(DOWN);
      const handle = await stack.client.process({ data }, { tenant });
      await expect(handle.result()).rejects.toThrow(/^Service Unavailable/);
      expect(await attentionOf(stack, handle.requestId)).toBe('failed');
    }
  });

  test('[M13] is not for a caller who wants nothing to do with kept answers', async () => {
    const { stack } = await startWithLastGood();
    await (await stack.client.process({ data: 'x' })).result();
    stack.fake.script(DOWN);
    const handle = await stack.client.process({ data: 'x' }, { cache: 'off' });
    await expect(handle.result()).rejects.toThrow(/^Service Unavailable/);
  });

  test('[M13] is for one whose key makes it an operation of its own', async () => {
    const { stack } = await startWithLastGood();
    const { result } = await (await stack.client.process({ data: 'x' })).result();
    stack.fake.script(DOWN);
    const handle = await stack.client.process({ data: 'x' }, { idempotencyKey: 'order-1' });
    expect(await handle.result()).toMatchObject({ source: 'fallback', result });
  });

  test('[M13] that was invalidated does not stand in any more', async () => {
    const { stack } = await startWithLastGood();
    await (await stack.client.process({ data: 'x' })).result();
    await stack.client.invalidate({ tenant: 'default' });
    stack.fake.script(DOWN);
    await expect((await stack.client.process({ data: 'x' })).result()).rejects.toThrow(/^Service Unavailable/);
  });
});

describe('a function by name', () => {
  const given: FailedRequest[] = [];
  const stub: NonNullable<StackOptions['cache']> = {
    fallback: 'stub',
    fallbacks: {
      stub: async (failed) => {
        given.push(failed);
        return STUB;
      },
    },
  };

  test('[M13] gets the request and its failure, and what it gives stands in', async () => {
    const stack = await start(stub);
    stack.fake.script(DOWN);
    const handle = await stack.client.process({ data: { q: 1 } }, { tenant: 'acme' });
    const { result, source, cachedAt } = await handle.result();
    expect({ result, source, cachedAt }).toEqual({ result: STUB, source: 'fallback', cachedAt: null });
    expect(given.at(-1)).toMatchObject({
      requestId: handle.requestId,
      tenant: 'acme',
      data: { q: 1 },
      failure: { statusCode: 503 },
    });
  });

  test('[M13] stands in when there was not even a token', async () => {
    const stack = await start(stub);
    stack.fake.script({ endpoint: '/oauth/token', times: 3, fault: { kind: 'status', code: 500 } });
    const handle = await stack.client.process({ data: 1 });
    expect(await handle.result()).toMatchObject({ source: 'fallback', error: { statusCode: 500 } });
    expect(activitiesOf(await stack.events(handle.requestId))).toEqual(['authenticate', 'fallBack']);
  });

  test('[M13] stands in at the deadline', async () => {
    const stack = await start(stub);
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } }, { deadline: '3 seconds' });
    expect(await handle.result()).toMatchObject({
      status: 'completed',
      source: 'fallback',
      error: { type: 'APITimeoutError' },
      providerRequestId: expect.any(String),
    });
  });

  test.each([400, 401, 403, 404, 422])(
    '[M13] is never asked when the provider refused the request: %i',
    async (code) => {
      const stack = await start(stub);
      stack.fake.script({ endpoint: '/process', times: 9, fault: { kind: 'status', code } });
      const handle = await stack.client.process({ data: 1 });
      await expect(handle.result()).rejects.toThrow(ExternalAPIError);
      expect(activitiesOf(await stack.events(handle.requestId))).toEqual(['authenticate', 'process']);
      expect(await handle.status()).toMatchObject({ status: 'failed', source: null });
    },
  );

  test('[M13][N1] is never asked when nobody knows what became of the work', async () => {
    const stack = await start(stub, { policy: { idempotency: 'none' } });
    stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const handle = await stack.client.process({ data: 1 }, { unknownHold: '200 milliseconds' });
    await expect(handle.result()).rejects.toThrow(OutcomeUnknownError);
    expect(activitiesOf(await stack.events(handle.requestId))).toEqual(['authenticate', 'process']);
  });

  test('[M13][N11] is never asked when the request was cancelled', async () => {
    const stack = await start(stub);
    stack.fake.settings.jobDurationMs = 600_000;
    const handle = await stack.client.process({ data: 1, options: { async: true } });
    await waitUntil('it is polled', () => stack.count(handle.requestId, '/status/{request_id}') > 0);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('cancelled');
    expect(activitiesOf(await stack.events(handle.requestId))).not.toContain('fallBack');
  });

  test('[M13][N11] is never asked when the call that failed was that of a cancelled request', async () => {
    const stack = await start(stub, { policy: { maxRetries: 1 }, provider: { timeoutMs: 1_000 } });
    stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-hang' } });
    const handle = await stack.client.process({ data: 1 });
    await waitUntil('it is sent', () => stack.fake.ledger.some((call) => call.idempotencyKey === handle.requestId));
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow('was cancelled');
    expect(await handle.status()).toMatchObject({ status: 'cancelled', cancellation: 'outcome_unknown' });
    expect(activitiesOf(await stack.events(handle.requestId))).not.toContain('fallBack');
  });

  test('[M13] that fails leaves the failure as it was, and one line has both', async () => {
    const broken = async () => {
      throw new Error('the other service is down, too');
    };
    const stack = await start({ fallback: 'stub', fallbacks: { stub: broken } });
    stack.fake.script(DOWN);
    const handle = await stack.client.process({ data: 1 });
    await expect(handle.result()).rejects.toThrow(/^Service Unavailable/);
    expect(await logged(handle.requestId)).toEqual([
      expect.objectContaining({
        event: 'external_api_request_ended',
        status: 'failed',
        reason: expect.stringMatching(/^Service Unavailable/),
        fallback_error: 'the other service is down, too',
      }),
    ]);
  });
});

test('[M13] without a fallback a failure takes no step more', async () => {
  const stack = await start({});
  stack.fake.script(DOWN);
  const handle = await stack.client.process({ data: 1 });
  await expect(handle.result()).rejects.toThrow(/^Service Unavailable/);
  expect(activitiesOf(await stack.events(handle.requestId))).toEqual(['authenticate', 'process']);
});
