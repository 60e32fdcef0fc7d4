import type { Context } from '@temporalio/activity';

/** Milliseconds until the request's deadline, which is its activities' schedule-to-close timeout. By two clocks. */
export function remainingMs({ info }: Context, now: number): number {
  return info.scheduledTimestampMs + info.scheduleToCloseTimeoutMs - now;
}
