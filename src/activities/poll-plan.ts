import type { CallPolicy } from './retry-plan.ts';

/**
 * Waits up to this long are spent inside the attempt: a server with default settings has a floor of 1 s under every
 * retry delay, so a shorter one would become a longer one.
 */
export const WAIT_IN_ATTEMPT_MS = 1000;

/** An attempt that spends its waits inside ends well before its start-to-close timeout of 10 minutes. */
export const LONGEST_ATTEMPT_MS = 5 * 60_000;

/** After a submit the provider may not know its own id for so long. */
export const NOT_FOUND_GRACE_MS = 30_000;

const GROWTH = 1.5;

/**
 * Milliseconds to the next poll after `polls` answered ones: EXTERNAL_API_POLL_INITIAL growing by half each time, up to
 * EXTERNAL_API_POLL_MAX. A quarter of it is jitter, except for the first, which nobody else times. The provider's own
 * word (`hintMs`) wins.
 */
export function pollDelay(
  polls: number,
  policy: Pick<CallPolicy, 'pollInitialMs' | 'pollMaxMs'>,
  { hintMs, random }: { hintMs: number | null; random: number },
): number {
  if (hintMs !== null) return Math.max(1, Math.round(hintMs));
  const delay = Math.min(policy.pollMaxMs, policy.pollInitialMs * GROWTH ** polls);
  return Math.max(1, Math.round(polls === 0 ? delay : delay * (0.75 + 0.25 * random)));
}
