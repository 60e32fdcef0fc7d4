import { Context } from '@temporalio/activity';
import { HELD_FOR_CANCEL, pauseActivity, unpauseActivity, type PendingActivity } from '../client/server-view.ts';
import type { ConfirmInput, Confirmation } from '../contract/activities.ts';
import { isUnsent, NOTHING_SUBMITTED, recordedProgress } from '../submit/progress.ts';
import { ownExecution, pendingSubmit } from './pending-submit.ts';

/**
 * Asks the server whether the submit of its own workflow, which is about to be cancelled, has sent nothing so far. Where the
 * server can, it keeps every worker from getting that submit, so that what was seen stays true until the cancel arrives.
 */
export async function confirmUnsent({ mode }: ConfirmInput): Promise<Confirmation> {
  const context = Context.current();
  const { client } = context;
  const submit = await pendingSubmit(context);
  if (submit === null || !saysUnsent(submit)) return { unsent: false };
  const execution = ownExecution(context);
  if (!(await pauseActivity(client, execution, submit.id, HELD_FOR_CANCEL))) return { unsent: true };
  const held = await pendingSubmit(context);
  if (held !== null && saysUnsent(held)) return { unsent: true, held: true };
  // A worker got it first, and is to tell how it ends: the SDK lets nothing be told of what is paused.
  if (held?.state === 'started') await unpauseActivity(client, execution, submit.id);
  return { unsent: false };

  function saysUnsent({ state, heartbeat, lastWorker, lastFailure }: PendingActivity): boolean {
    // One that runs tells itself how it ended.
    if (state === 'started') return false;
    const record = recordedProgress(heartbeat, NOTHING_SUBMITTED);
    return isUnsent({ record, isFirst: lastWorker === null && lastFailure === null, lastFailure }, mode === 'none');
  }
}
