import type { DeliveryProgress } from '../contract/delivery.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** From one attempt to the next: the schedule of Standard Webhooks ("Deliverability and reliability"), 75 h 35 min in all. */
const DELAYS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** After so long without an attempt that succeeded a delivery is given up, also if a target that is down let it make few. */
const LONGEST_MS = 96 * HOUR;

/** So much longer than planned, at random: what failed together does not come back together. */
const JITTER = 0.1;

const FIRST_PUT_OFF_MS = 1 * SECOND;
const LONGEST_PUT_OFF_MS = 1 * MINUTE;
/** A secret is added by a person, and until then each delivery of the tenant is a line in the log. */
const FIRST_NO_SECRET_MS = 1 * MINUTE;
const LONGEST_NO_SECRET_MS = 10 * MINUTE;

export const NO_ATTEMPTS: DeliveryProgress = { attempts: 0, putOff: 0, failingSince: null };

/** What comes after an attempt: `delayMs` null: nothing, it is given up. */
export interface Next {
  progress: DeliveryProgress;
  delayMs: number | null;
}

/**
 * After an attempt that the target did not take.
 *
 * @param retryAfterMs what the target asked for: waited for where it is longer; null: nothing
 * @param random from 0 to 1
 */
export function afterFailure(
  { attempts, failingSince }: DeliveryProgress,
  { now, random, retryAfterMs }: { now: number; random: number; retryAfterMs: number | null },
): Next {
  const progress = { attempts: attempts + 1, putOff: 0, failingSince: failingSince ?? now };
  const planned = DELAYS_MS[attempts];
  if (planned === undefined || isOver(progress, now)) return { progress, delayMs: null };
  return { progress, delayMs: Math.max(withJitter(planned, random), retryAfterMs ?? 0) };
}

/**
 * After an attempt that was not made.
 *
 * @param isDown whether because the target does not take anything: then its time runs
 */
export function afterPutOff(
  { attempts, putOff, failingSince }: DeliveryProgress,
  { now, random, waitMs, isDown }: { now: number; random: number; waitMs: number; isDown: boolean },
): Next {
  const progress = { attempts, putOff: putOff + 1, failingSince: failingSince ?? (isDown ? now : null) };
  if (isDown && isOver(progress, now)) return { progress, delayMs: null };
  const backoff = doubled(FIRST_PUT_OFF_MS, putOff, LONGEST_PUT_OFF_MS);
  // Those that wait for one moment come one by one.
  return { progress, delayMs: Math.max(waitMs, backoff) * (1 + random) };
}

/** After an attempt that nobody could sign. */
export function afterNoSecret(progress: DeliveryProgress, random: number): Next {
  const { putOff } = progress;
  const delayMs = withJitter(doubled(FIRST_NO_SECRET_MS, putOff, LONGEST_NO_SECRET_MS), random);
  return { progress: { ...progress, putOff: putOff + 1 }, delayMs };
}

function doubled(firstMs: number, times: number, longestMs: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(times, 10));
}

function isOver({ failingSince }: DeliveryProgress, now: number): boolean {
  return failingSince !== null && now - failingSince > LONGEST_MS;
}

function withJitter(ms: number, random: number): number {
  return Math.round(ms * (1 + JITTER * random));
}
