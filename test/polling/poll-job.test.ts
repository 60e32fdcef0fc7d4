import { expect, test } from 'vitest';
import type { PollInput, PollProgress } from '../../src/contract/activities.ts';
import { callError, ExternalAPIError } from '../../src/contract/errors.ts';
import { NO_POLLS, pollOnce, type PollDeps } from '../../src/polling/poll-job.ts';
import { NOT_FOUND_GRACE_MS, RESULT_GRACE_MS } from '../../src/polling/poll-plan.ts';
import type { StatusReply } from '../../src/provider/provider-client.ts';
import { NO_CALLS } from '../../src/submit/progress.ts';

const RESULT = { processedData: 1, metadata: { processingTime: null, version: null } };
const INPUT: PollInput = {
  requestId: 'req_1',
  providerRequestId: 'job-1',
  firstPollAfterMs: null,
  lookAfterMs: null,
  submittedAt: 0,
};

const reply = (status: string, phase: StatusReply['phase'], more: Partial<StatusReply> = {}): StatusReply => ({
  providerRequestId: 'job-1',
  status,
  phase,
  result: null,
  error: null,
  createdAt: null,
  completedAt: null,
  retryAfterMs: null,
  ...more,
});

const notFound = (): ExternalAPIError =>
  callError('declined', 'Unknown error (status: 404): gone', { statusCode: 404, providerRequestId: 'job-1' });

/** A request whose polls the test answers, on a clock of the test's own. */
function polled(policy: Partial<PollDeps['policy']> = {}) {
  let answer: StatusReply | ExternalAPIError = reply('queued', 'waiting');
  let now = 0;
  const progress: PollProgress = { ...NO_CALLS, ...NO_POLLS };
  const deps: PollDeps = {
    provider: {
      status: async () => {
        if (answer instanceof ExternalAPIError) throw answer;
        return answer;
      },
    },
    policy: { pollInitialMs: 1_000, pollMaxMs: 60_000, ...policy },
    observer: { unknownStatus: () => {}, finishedSeen: () => {} },
    jobTimes: { lengths: async () => [], learn: () => [] },
    random: () => 0.5,
    now: () => now,
  };
  return {
    progress,
    get now() {
      return now;
    },
    /** One look, after so long; what it says, or the error that it ends with. */
    async look(next: StatusReply | ExternalAPIError, afterMs = 0) {
      answer = next;
      now += afterMs;
      return await pollOnce(INPUT, progress, deps, {}).catch((error: unknown) => error);
    },
  };
}

test('[M3][M6] completed, and its result a second later: completed', async () => {
  const job = polled();
  expect(await job.look(reply('completed', 'completed'))).toEqual({
    waitMs: 1_000,
    why: 'The provider reports the work as completed; its result is not there yet',
  });
  expect(await job.look(reply('completed', 'completed', { result: RESULT }), 1_000)).toMatchObject({
    finished: { result: RESULT },
  });
});

test('[M3][M6] completed without its result for 30 s: asked for until then, and failed after', async () => {
  const job = polled();
  await job.look(reply('queued', 'waiting'));
  let said = await job.look(reply('completed', 'completed'), 5_000);
  let looks = 1;
  for (; !(said instanceof Error); looks++) {
    const { waitMs } = said as { waitMs: number };
    expect(waitMs).toBeGreaterThan(0);
    said = await job.look(reply('completed', 'completed'), waitMs);
  }
  expect(job.now).toBe(5_000 + RESULT_GRACE_MS);
  expect(looks).toBe(31);
  expect(said).toMatchObject({
    failure: 'noResult',
    retryable: false,
    providerRequestId: 'job-1',
    message: 'The provider reported the request as completed, without a usable result',
  });
});

test('[M3][M6] completed, then at work again, then completed: the 30 s begin anew', async () => {
  const job = polled();
  await job.look(reply('completed', 'completed'));
  await job.look(reply('processing', 'waiting'), RESULT_GRACE_MS - 1);
  expect(await job.look(reply('completed', 'completed'), RESULT_GRACE_MS)).toMatchObject({ waitMs: 1_000 });
});

test('[M3][M6] the provider’s own wait goes before ours, within the 30 s', async () => {
  const job = polled();
  expect(await job.look(reply('completed', 'completed', { retryAfterMs: 7_000 }))).toMatchObject({ waitMs: 7_000 });
  expect(await job.look(reply('completed', 'completed', { retryAfterMs: 60_000 }), 7_000)).toMatchObject({
    waitMs: RESULT_GRACE_MS - 7_000,
  });
});

test('[M3][M6] a 404 soon after the submit: not known yet', async () => {
  const job = polled();
  expect(await job.look(notFound(), NOT_FOUND_GRACE_MS - 1)).toMatchObject({ waitMs: expect.any(Number) });
  expect(job.progress).toMatchObject({ polls: 1, known: false });
});

test('[M3][M6] a 404 between two good polls is tried again; of an id that was never known it is final', async () => {
  const job = polled();
  expect(await job.look(notFound(), NOT_FOUND_GRACE_MS)).toMatchObject({ failure: 'declined', retryable: false });
  await job.look(reply('processing', 'waiting'));
  expect(await job.look(notFound())).toMatchObject({
    failure: 'noLongerFound',
    statusCode: 404,
    retryable: true,
    providerRequestId: 'job-1',
    message: 'Unknown error (status: 404): gone (the provider knew the id before)',
  });
});

test('[N13][M3] between two polls there is at least the time that the profile says, whatever the provider says', async () => {
  const job = polled({ pollEveryMs: 5_000 });
  expect(await job.look(reply('queued', 'waiting'))).toMatchObject({ waitMs: 5_000 });
  expect(await job.look(reply('queued', 'waiting', { retryAfterMs: 1_000 }), 5_000)).toMatchObject({ waitMs: 5_000 });
  expect(await job.look(reply('queued', 'waiting', { retryAfterMs: 9_000 }), 5_000)).toMatchObject({ waitMs: 9_000 });
  expect(await job.look(reply('completed', 'completed'), 9_000)).toMatchObject({ waitMs: 5_000 });
});
