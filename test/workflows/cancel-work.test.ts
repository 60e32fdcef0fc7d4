import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState } from '@temporalio/common';
import { expect, test, vi } from 'vitest';
import { cancelWork } from '../../src/workflows/cancel-work.ts';
import type { Request } from '../../src/workflows/create-request.ts';

// It needs a workflow; what is tested here needs none.
vi.mock('@temporalio/workflow', async (original) => ({
  ...(await original<object>()),
  CancellationScope: { nonCancellable: (work: () => Promise<unknown>) => work() },
}));

test('[N14][N11] E1: told to nobody until its time was up, in a run that a reset made: it is no longer watched', async () => {
  const timeIsUp = new CancelledFailure('ACTIVITY_ID_NOT_STARTED');
  const activity = () => async () => {
    throw new ActivityFailure('over', 'cancelSubmitted', '1', RetryState.CANCEL_REQUESTED, undefined, timeIsUp);
  };
  const request = { args: { requestId: 'req_1' }, activity } as unknown as Request;
  expect(await cancelWork(request, 'job-1')).toEqual({ cancellation: 'no_longer_watched' });
});

test.each([
  ['reportedFailure', 'cancelled_at_provider'],
  // It is completed there: nobody stopped it.
  ['noResult', 'no_longer_watched'],
  ['serverError', 'no_longer_watched'],
])('[N13][N11] asked to stop, and then %s: %s', async (failure, cancellation) => {
  const cause = ApplicationFailure.create({ type: 'ExternalAPIError', details: [{ failure }] });
  const activity = (name: string) => async () => {
    if (name === 'cancelSubmitted') return { outcome: 'asked' };
    throw new ActivityFailure('over', name, '1', RetryState.NON_RETRYABLE_FAILURE, undefined, cause);
  };
  const request = { args: { requestId: 'req_1' }, activity } as unknown as Request;
  expect(await cancelWork(request, 'job-1')).toEqual({ cancellation });
});
