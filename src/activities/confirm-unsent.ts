import { Context } from '@temporalio/activity';
import type { ConfirmInput, Confirmation } from '../contract/activities.ts';
import { isUnsent, NOTHING_SUBMITTED, recordedProgress } from '../submit/progress.ts';
import { pendingSubmit } from './pending-submit.ts';

/** Asks the server whether the submit of its own workflow, which is about to be cancelled, has sent nothing so far. */
export async function confirmUnsent({ mode }: ConfirmInput): Promise<Confirmation> {
  const submit = await pendingSubmit(Context.current());
  // One that runs, and one that is over, tells itself how it ended.
  if (submit === null || submit.state === 'started') return { unsent: false };
  const earlier = {
    record: recordedProgress(submit.heartbeat, NOTHING_SUBMITTED),
    isFirst: submit.lastWorker === null && submit.lastFailure === null,
    lastFailure: submit.lastFailure,
  };
  return { unsent: isUnsent(earlier, mode === 'none') };
}
