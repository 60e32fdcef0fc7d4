import { setTimeout } from 'node:timers/promises';
import type { FleetWorker } from '../worker/compose.ts';

const LOOK_AGAIN_MS = 20;

/**
 * Returns when the worker takes work.
 * @param signal its abort ends the look
 * @throws Error with what keeps it from work when that takes longer than `withinMs`
 */
export async function untilReady(
  worker: Pick<FleetWorker, 'whyNotReady'>,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const giveUpAt = performance.now() + withinMs;
  for (let why = worker.whyNotReady(); why !== null; why = worker.whyNotReady()) {
    if (performance.now() > giveUpAt) {
      throw new Error(`The worker did not become ready within ${withinMs / 1000} s: ${why}.`);
    }
    await setTimeout(LOOK_AGAIN_MS, undefined, { signal });
  }
}
