import { CancellationScope, condition, patched, sleep, workflowInfo } from '@temporalio/workflow';

/** The run before may have done what this one knows nothing of. */
function wasReset(): boolean {
  const { runId, firstExecutionRunId } = workflowInfo();
  return runId !== firstExecutionRunId;
}

/** From the reset on. What a replay finds in the history before it, it finds without the patch. */
export function isAfterReset(): boolean {
  return wasReset() && patched('after-reset');
}

/**
 * From a reset on that came after a person's decision: the server gives the new run the decisions of the old one again.
 *
 * @param decidedIn the run that it was decided on; empty: not known
 */
export function isResetAfterDecision(decidedIn: string): boolean {
  return wasReset() && workflowInfo().runId !== decidedIn && patched(`reset-after-decision-in-${decidedIn}`);
}

/** So much later than its deadline an activity is over by itself, where the server knows when that is. */
const GRACE_MS = 10_000;

/**
 * The activity, which is cancelled some seconds after its time is up, if a reset found it pending: a server (seen on 1.29)
 * then forgets its timeout, and hands it to nobody after that time.
 */
export function inTime<T>(activity: () => Promise<T>, withinMs: number): Promise<T> {
  return wasReset() ? inTimeAfterReset(activity, withinMs) : activity();
}

async function inTimeAfterReset<T>(activity: () => Promise<T>, withinMs: number): Promise<T> {
  const endsAt = Date.now() + withinMs;
  const own = new CancellationScope();
  const clock = new CancellationScope();
  async function ring(): Promise<void> {
    await condition(isAfterReset);
    await sleep(Math.max(0, endsAt - Date.now()) + GRACE_MS);
    own.cancel();
  }
  // It stops with the activity, or with the request, which cancels that by itself.
  clock.run(ring).catch(() => {});
  try {
    return await own.run(activity);
  } finally {
    clock.cancel();
  }
}
