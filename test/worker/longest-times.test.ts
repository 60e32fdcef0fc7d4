import { expect, test } from 'vitest';
import { longestConnectMs } from '../../src/provider/connector.ts';
import { longestTimes } from '../../src/worker/longest-times.ts';

/** Of a process, of a token call and of each of its calls: the waits for a socket and for a permit. */
const WAITS_MS = 10_000;
/** `startToCloseTimeout` of the activities that call the provider. */
const ATTEMPT_MS = 600_000;

test.each([
  ['the defaults', { connectTimeoutMs: 5_000, timeoutMs: 30_000 }],
  ['the shortest that can be configured', { connectTimeoutMs: 100, timeoutMs: 100 }],
  ['the longest that can be configured', { connectTimeoutMs: 15_000, timeoutMs: 120_000 }],
])(
  '[M20][N1] a drain is as long as a token and the submit after it may take, all addresses tried: %s',
  (_what, timeouts) => {
    const callMs = longestConnectMs(timeouts.connectTimeoutMs) + timeouts.timeoutMs;
    const { drainMs, callMs: withRecordMs, heldMs, tokenMs } = longestTimes(timeouts);
    expect(withRecordMs).toBeGreaterThanOrEqual(heldMs + callMs);
    expect(tokenMs).toBeGreaterThanOrEqual(WAITS_MS + callMs);
    expect(drainMs).toBeGreaterThanOrEqual(tokenMs + WAITS_MS + withRecordMs);
    // Token, call, and both once more after a 401.
    expect(4 * callMs).toBeLessThan(ATTEMPT_MS);
  },
);
