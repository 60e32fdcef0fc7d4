import { defineSearchAttributeKey } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  InvalidRequestError,
  NothingToDecideError,
  OutcomeUnknownError,
  RequestNotFoundError,
  type ProcessOptions,
  type RequestHandle,
  type RequestSnapshot,
} from '../../src/client/index.ts';
import { SEARCH_ATTRIBUTES, workflowIdOf } from '../../src/contract/names.ts';
import { callsAbout } from '../helpers/calls-about.ts';
import { startInProcessStack, type InProcessStack } from '../helpers/in-process-stack.ts';
import { resetToBeforeSubmit, resetToDecision } from '../helpers/reset-workflow.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const WHO = { by: 'ann', reason: 'looked at the provider' };
let stack: InProcessStack;

beforeAll(async () => {
  stack = await startInProcessStack();
});
beforeEach(() => {
  stack.fake.clearFaults();
  stack.fake.settings.jobDurationMs = 0;
});
afterAll(() => stack[Symbol.asyncDispose]());

const workflowOf = (requestId: string) => stack.temporal.client.workflow.getHandle(workflowIdOf(requestId));

function submits(requestId: string) {
  return callsAbout(stack.fake, requestId, '/process');
}

/** A request whose reply was lost: executed at the provider, unknown to us. */
async function lost(
  options: ProcessOptions = {},
  async = false,
): Promise<RequestHandle & { snapshot: RequestSnapshot }> {
  stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
  const handle = await stack.client.process({ data: { at: performance.now() }, options: { async } }, options);
  const snapshot = await waitUntil('the outcome is unknown', async () => {
    const read = await handle.status();
    return read.status === 'outcome_unknown' && read;
  });
  return { ...handle, snapshot };
}

async function attentionOf(requestId: string): Promise<string | undefined> {
  const key = defineSearchAttributeKey(SEARCH_ATTRIBUTES.attention, 'KEYWORD');
  return (await workflowOf(requestId).describe()).typedSearchAttributes.get(key);
}

describe('a lost reply', () => {
  test('[N1] stays running and visible, says what is known and until when, and is not sent again', async () => {
    const { requestId, snapshot } = await lost({ unknownHold: '1 minute' });
    expect(snapshot).toMatchObject({
      error: {
        type: 'OutcomeUnknown',
        retryable: false,
        message: expect.stringContaining('was lost after the call was sent'),
      },
      waitingFor: { reason: 'outcome_unknown', since: expect.any(String), until: expect.any(String) },
      completedAt: null,
      stale: false,
    });
    const { since, until } = snapshot.waitingFor!;
    expect(Date.parse(until!) - Date.parse(since!)).toBe(60_000);
    expect(await attentionOf(requestId)).toBe('outcome_unknown');
    const { currentDetails } = await workflowOf(requestId).query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    expect(currentDetails).toContain(
      `Ask the provider whether it has the work, then decide: \`external-api why ${requestId}\``,
    );
    const { events } = await workflowOf(requestId).fetchHistory();
    const timers = events?.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes) ?? [];
    expect(timers.map(({ userMetadata }) => Buffer.from(userMetadata?.summary?.data ?? []).toString())).toEqual([
      '"Until somebody decides, or the hold ends"',
    ]);
    expect(submits(requestId)).toHaveLength(1);
    await stack.client.resolve(requestId, { decision: 'abandon', ...WHO });
  });

  test('[N1] is listed as outcome_unknown until it is decided', async () => {
    const { requestId, result } = await lost({ tenant: 'lister' });
    const listed = async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const request of stack.client.list({ status: 'outcome_unknown', tenant: 'lister' })) {
        expect(request.status).toBe('outcome_unknown');
        ids.push(request.requestId);
      }
      return ids;
    };
    await waitUntil('it is listed', async () => (await listed()).includes(requestId));
    await stack.client.resolve(requestId, { decision: 'resubmit', ...WHO });
    await waitUntil('it is not listed any more', async () => !(await listed()).includes(requestId));
    await result();
  });

  test('[N1] ends as failed with its own type when nobody decides in time', async () => {
    stack.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const { requestId, result } = await stack.client.process({ data: 1 }, { unknownHold: '500 milliseconds' });
    await expect(result()).rejects.toThrow(OutcomeUnknownError);
    await expect(result()).rejects.toThrow(/^Nobody decided within 0\.5 s\. The provider may have done the work\./);
    expect(await stack.client.status(requestId)).toMatchObject({ status: 'failed', error: { type: 'OutcomeUnknown' } });
    expect(submits(requestId)).toHaveLength(1);
  });

  test("[N1] the hold is the request's deadline unless it is set", async () => {
    const { snapshot } = await lost({ deadline: '1 hour' });
    const left = Date.parse(snapshot.waitingFor!.until!) - Date.parse(snapshot.createdAt);
    expect(Math.abs(left - 3_600_000)).toBeLessThan(2_000);
    await stack.client.resolve(snapshot.requestId, { decision: 'abandon', ...WHO });
  });
});

describe('a decision', () => {
  test('[N1] resubmit sends it again with the same key, and is kept with who and why', async () => {
    const { requestId, result } = await lost();
    const state = await stack.client.resolve(requestId, { decision: 'resubmit', ...WHO });
    expect(state.resolution).toMatchObject({ decision: 'resubmit', ...WHO, at: expect.any(String) });
    expect(await result()).toMatchObject({ status: 'completed', resolution: { decision: 'resubmit', by: 'ann' } });
    expect(submits(requestId)).toHaveLength(2);
    expect(await attentionOf(requestId)).toBeUndefined();
    const history = JSON.stringify(await stack.events(requestId)).replaceAll(
      /"data":"([^"]*)"/g,
      (_match, data: string) => atob(data),
    );
    expect(history).toContain('looked at the provider');
  });

  test('[N1] adopt polls the id that a person found', async () => {
    const { requestId, result } = await lost({}, true);
    const [submit] = submits(requestId);
    const providerRequestId = submit!.providerRequestId!;
    await stack.client.resolve(requestId, { decision: 'adopt', providerRequestId, ...WHO });
    const completed = await result();
    expect(completed).toMatchObject({ status: 'completed', providerRequestId });
    expect(completed.result.processedData).toMatchObject({ sha256: submit!.bodySha256 });
    expect(submits(requestId)).toHaveLength(1);
  });

  test('[N1] adopting an id that the provider does not know opens the question again', async () => {
    // The grace for an id that is not known yet is over at once.
    await using impatient = await startInProcessStack({ now: () => Date.now() + 31_000 });
    impatient.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const handle = await impatient.client.process({ data: 1 });
    await waitUntil('it is unknown', async () => (await handle.status()).status === 'outcome_unknown');
    await impatient.client.resolve(handle.requestId, { decision: 'adopt', providerRequestId: 'req_typo', ...WHO });
    await waitUntil('it is unknown again', async () => {
      const { status, error } = await handle.status();
      return status === 'outcome_unknown' && error?.statusCode === 404;
    });
    await impatient.client.resolve(handle.requestId, { decision: 'resubmit', ...WHO });
    expect(await handle.result()).toMatchObject({ status: 'completed' });
  });

  test('[N1] abandon ends it as failed, with the words of who decided', async () => {
    const { requestId, result } = await lost();
    await stack.client.resolve(requestId, { decision: 'abandon', ...WHO });
    await expect(result()).rejects.toThrow(
      /^Abandoned by ann \(looked at the provider\)\. The provider may have done the work\./,
    );
    expect(await stack.client.status(requestId)).toMatchObject({
      status: 'failed',
      resolution: { decision: 'abandon' },
    });
  });

  test('[N1] a second one, a late one and one without a question are refused, and change nothing', async () => {
    const { requestId, result } = await lost();
    const decide = () => stack.client.resolve(requestId, { decision: 'resubmit', ...WHO });
    const decided = await Promise.allSettled([decide(), decide(), decide()]);
    expect(decided.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of decided) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(NothingToDecideError);
    await result();
    await expect(decide()).rejects.toThrow(NothingToDecideError);
    expect(submits(requestId)).toHaveLength(2);
  });

  test.each([
    ['an unknown word', { decision: 'retry' }, 'decision: must be one of: resubmit, adopt, abandon'],
    ['adopt without an id', { decision: 'adopt' }, "providerRequestId: is the provider's id of the work"],
    [
      'adopt with an id that is a path',
      { decision: 'adopt', providerRequestId: '../x' },
      "providerRequestId: is the provider's id of the work",
    ],
    [
      'resubmit with an id',
      { decision: 'resubmit', providerRequestId: 'x' },
      'providerRequestId: goes with adopt only',
    ],
    ['nobody', { decision: 'resubmit', by: ' ' }, 'by: must say who decides'],
    ['no reason', { decision: 'resubmit', reason: '' }, 'reason: must say why'],
  ])('[N1][M12] %s is refused, and the question stays open', async (_what, decision, complaint) => {
    const { requestId, status } = await lost();
    const refused = stack.client.resolve(requestId, { ...WHO, ...decision } as never);
    await expect(refused).rejects.toThrow(InvalidRequestError);
    await expect(refused).rejects.toThrow(complaint);
    expect(await status()).toMatchObject({ status: 'outcome_unknown', resolution: null });
    await stack.client.resolve(requestId, { decision: 'abandon', ...WHO });
  });

  test('[N1] a request that is not there cannot be decided', async () => {
    await expect(stack.client.resolve(`req_${'0'.repeat(26)}`, { decision: 'abandon', ...WHO })).rejects.toThrow(
      RequestNotFoundError,
    );
  });
});

test('[N1] a workflow that is reset to before its submit does not send again: a person decides', async () => {
  const handle = await stack.client.process({ data: 1 });
  await handle.result();
  await resetToBeforeSubmit(stack, handle.requestId);
  await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
  expect(submits(handle.requestId)).toHaveLength(1);
  await stack.client.resolve(handle.requestId, { decision: 'abandon', ...WHO });
});

test('[N14][N1] E11: reset to before a decision to resubmit: the new run asks again, and submits by no decision of the old one', async () => {
  const { requestId, result, status } = await lost();
  await stack.client.resolve(requestId, { decision: 'resubmit', ...WHO });
  await result();
  expect(submits(requestId)).toHaveLength(2);
  await resetToDecision(stack, requestId);
  const message = 'The workflow was reset to before its submit, which may have been made already';
  await waitUntil('it is held, or ended', async () => {
    const { error, completedAt } = await status();
    return error?.message === message || completedAt !== null;
  });
  expect(submits(requestId)).toHaveLength(2);
  expect(await status()).toMatchObject({ status: 'outcome_unknown' });
  await stack.client.resolve(requestId, { decision: 'resubmit', ...WHO });
  expect(await stack.client.result(requestId)).toMatchObject({ status: 'completed' });
  expect(submits(requestId)).toHaveLength(3);
});

describe('idempotency of a request', () => {
  test('[N1] a request may forbid to be sent again where the worker would', async () => {
    await using keyed = await startInProcessStack({ policy: { idempotency: 'key' } });
    keyed.fake.script({ endpoint: '/process', fault: { kind: 'executed-no-answer' } });
    const handle = await keyed.client.process({ data: 1 }, { idempotency: 'none' });
    await waitUntil('the outcome is unknown', async () => (await handle.status()).status === 'outcome_unknown');
    expect(keyed.fake.ledger.filter(({ endpoint }) => endpoint === '/process')).toHaveLength(1);
  });

  test('[N1] a request cannot allow what the configuration does not: nothing is sent', async () => {
    const handle = await stack.client.process({ data: 1 }, { idempotency: 'resend' });
    await expect(handle.result()).rejects.toThrow(
      /asks for idempotency "resend", but the worker allows "none" \(EXTERNAL_API_IDEMPOTENCY\)/,
    );
    expect(submits(handle.requestId)).toEqual([]);
  });
});
