import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';

/** What an activity says of its calls to the provider, when it ends well, or last. */
interface Told {
  calls?: number;
}

/** The calls to the provider that an activity tells of in its result, or in its failure; null: it does not say. */
export function callsOf(ended: unknown): number | null {
  return toldBy(ended instanceof ActivityFailure ? ended.cause : ended)?.calls ?? null;
}

function toldBy(ended: unknown): Told | null | undefined {
  if (ended instanceof ApplicationFailure) return ended.details?.[1] as Told | undefined;
  if (ended instanceof CancelledFailure) return ended.details?.[0] as Told | undefined;
  if (ended instanceof TimeoutFailure) return ended.lastHeartbeatDetails as Told | undefined;
  return ended as Told | null | undefined;
}
