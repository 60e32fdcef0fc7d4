import { LONGEST_WAIT_MS } from '../call-budget/rules.ts';
import { longestConnectMs } from '../provider/connector.ts';

/** A call waits for a socket, and then for its permit. */
const BEFORE_CALL_MS = 2 * LONGEST_WAIT_MS;
/** With its permit, a submit waits for its intent to be recorded. */
const RECORD_MS = 30_000;

export interface LongestTimes {
  /** With its permit, until a submit is sent. */
  heldMs: number;
  /** A call from its permit to its end. */
  callMs: number;
  /** Getting a token, its waits included. */
  tokenMs: number;
  /** A submit with its token, from first to last: so long a worker that is told to end waits for what runs. */
  drainMs: number;
}

/** How long what a worker does may take, by the timeouts of a call. */
export function longestTimes(timeouts: { connectTimeoutMs: number; timeoutMs: number }): LongestTimes {
  const onTheWayMs = longestConnectMs(timeouts.connectTimeoutMs) + timeouts.timeoutMs;
  const callMs = RECORD_MS + onTheWayMs;
  const tokenMs = BEFORE_CALL_MS + onTheWayMs;
  return { heldMs: RECORD_MS, callMs, tokenMs, drainMs: tokenMs + BEFORE_CALL_MS + callMs };
}
