import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { PollResult } from '../contract/activities.ts';

/** Callbacks that restart the poll. More than these wait for the next poll: a flood must not grow the history. */
const CALLBACKS_HEEDED = 5;

/**
 * The finished poll. A callback that arrives meanwhile replaces the poll by one that asks at once.
 *
 * @param callbacks how many callbacks have arrived
 */
export async function pollOrCallback(
  poll: (immediately: boolean) => Promise<PollResult>,
  callbacks: () => number,
): Promise<PollResult> {
  for (let heeded = 0; heeded < CALLBACKS_HEEDED; heeded++) {
    const seen = callbacks();
    const scope = new CancellationScope();
    const polling = scope.run(() => poll(seen > 0));
    const finished = await Promise.race([polling, condition(() => callbacks() > seen).then(() => null)]);
    if (finished) return finished;
    scope.cancel();
    try {
      return await polling;
    } catch (error) {
      if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    }
  }
  return await poll(true);
}
