import { ActivityFailure, CancelledFailure, RetryState } from '@temporalio/common';
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
