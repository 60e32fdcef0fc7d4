import type { Poller } from './server-pollers.ts';
import { span } from './time-in-words.ts';

/** `Temporal has heard of one 12 s ago (4711@host)`; null: of none for as long as it remembers them. */
export function heardOfWorkers(pollers: readonly Poller[], now: Date): string | null {
  const [latest] = pollers;
  if (latest === undefined) return null;
  const ago = span(now.getTime() - Date.parse(latest.lastAskedAt));
  const who = pollers.length === 1 ? latest.identity : `${pollers.length} in all, the latest ${latest.identity}`;
  return `Temporal has heard of one ${ago} ago (${who})`;
}

export const HEARD_OF_NONE = 'none has asked Temporal for work for five minutes';
