import type { Context } from '@temporalio/activity';

const INTERVAL_MS = 2_000;

/** Heartbeats while the activity runs, so that a dead worker is noticed and a cancellation arrives. Returns the stop. */
export function keepAlive(context: Context, details: () => unknown): () => void {
  const timer = setInterval(() => context.heartbeat(details()), INTERVAL_MS);
  return () => clearInterval(timer);
}
