import { setTimeout as delay } from 'node:timers/promises';
import { RequestCancelledError, ResultTimeoutError } from '../client/client-errors.ts';
import type { ExternalApiClient } from '../client/external-api-client.ts';
import { ExternalAPIError } from '../contract/errors.ts';
import { type RequestSnapshot } from '../contract/request.ts';
import { snapshotToWire } from '../contract/wire-format.ts';
import { exitCodeOf, EXIT, messageOf, type ExitCode } from './exit.ts';
import { print, tell, type OutputOptions } from './output.ts';
import { requestText, stateLine } from './readable.ts';
import { isTerminal } from '../contract/values.ts';

/** Prints the request as it is now, and returns it. */
export async function showRequest(
  client: ExternalApiClient,
  requestId: string,
  options: OutputOptions,
): Promise<RequestSnapshot> {
  const snapshot = await client.status(requestId);
  print(snapshotToWire(snapshot), (width) => requestText(snapshot, width), options);
  return snapshot;
}

export interface WaitOptions extends OutputOptions {
  /** Milliseconds; unset: until the request ends. */
  timeout?: number;
}

/**
 * Waits for the end of a request and prints it; after a `timeout`, prints the request as it is then. At a terminal each
 * state is told on the way. Ctrl-C ends the wait, not the request.
 */
export async function waitForRequest(
  client: ExternalApiClient,
  requestId: string,
  { timeout, ...output }: WaitOptions,
): Promise<ExitCode> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const ended = new AbortController();
  const telling = process.stderr.isTTY ? tellStates(client, requestId, ended.signal) : null;
  let end: unknown = null;
  try {
    await client.result(requestId, { signal: interrupt.signal, ...(timeout !== undefined && { timeout }) });
  } catch (error) {
    if (interrupt.signal.aborted) {
      tell(`Stopped waiting. The request goes on: external-api result ${requestId}`);
      return EXIT.interrupted;
    }
    if (!ENDS.some((End) => error instanceof End)) throw error;
    end = error;
  } finally {
    ended.abort();
    process.off('SIGINT', onInterrupt);
  }
  // A reading that began before the end would be shared, and show the request as it was then.
  await telling;
  const { status } = await showRequest(client, requestId, output);
  // It may have ended after the wait: what is told then is what is shown.
  if (end instanceof ResultTimeoutError && isTerminal(status)) end = await client.result(requestId).then(nothing, asIs);
  if (end === null) return EXIT.ok;
  tell(messageOf(end));
  return exitCodeOf(end);
}

function nothing(): null {
  return null;
}

function asIs(error: unknown): unknown {
  return error;
}

/** The wait ended, and the request can be shown. */
const ENDS = [ExternalAPIError, RequestCancelledError, ResultTimeoutError];

const LOOK_EVERY_MS = 500;

/** Tells each state that can be seen, once. The time that a state waits for moves with every poll, and is no news. */
async function tellStates(client: ExternalApiClient, requestId: string, signal: AbortSignal): Promise<void> {
  let told = '';
  try {
    for (;;) {
      const snapshot = await client.status(requestId);
      if (signal.aborted || isTerminal(snapshot.status)) return;
      const state = `${snapshot.status} ${snapshot.waitingFor?.reason}`;
      if (state !== told) tell(stateLine(snapshot));
      told = state;
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
  } catch {
    // Only the end of the wait matters, and the wait itself tells it.
  }
}
