import type { Client } from '@temporalio/client';
import { REQUEST_ID_PATTERN, workflowIdOf } from '../contract/names.ts';
import type { RequestSnapshot } from '../contract/request.ts';
import { isTerminal } from '../contract/values.ts';
import { boundedWait } from './bounded-wait.ts';
import { RequestNotFoundError } from './client-errors.ts';
import type { OpenWaits } from './open-waits.ts';
import { nextEvents } from './server-history.ts';
import { translated } from './temporal-errors.ts';

/** Longer than a server lets a poll of its history wait (20 s); one that says nothing for so long is gone. */
const POLL_DEADLINE_MS = 60_000;

/**
 * The request as it is now, and then after each change of its state, up to its end. Waits for the history at the server: no
 * worker is asked before something happened. A reader who is slow gets the latest, not all.
 *
 * @param read shared with other readers, so that it is not cancelled for one of them
 * @param server for errors
 * @throws what `read` throws, TemporalUnavailableError, or the reason of `signal`
 */
export async function* watchRequest(
  client: Client,
  requestId: string,
  read: () => Promise<RequestSnapshot>,
  { waits, signal, server }: { waits: OpenWaits; signal: AbortSignal | undefined; server: string | undefined },
): AsyncGenerator<RequestSnapshot, void, undefined> {
  const bounds = { signals: [signal] };
  const uncancelled: Pick<Client, 'withAbortSignal'> = { withAbortSignal: (_signal, call) => call() };
  let told: string | null = null;
  if (!REQUEST_ID_PATTERN.test(requestId)) throw new RequestNotFoundError(requestId);
  // Before the first look, so that nothing can happen between the two unseen.
  let at = await events(null);
  for (;;) {
    const snapshot = await boundedWait(uncancelled, read, bounds);
    const state = changeOf(snapshot);
    if (state !== told) yield snapshot;
    told = state;
    if (isTerminal(snapshot.status)) return;
    do at = await events(at.next);
    while (!at.stepped);
  }

  async function events(after: Uint8Array | null): ReturnType<typeof nextEvents> {
    const deadline = Date.now() + POLL_DEADLINE_MS;
    const poll = () => client.withDeadline(deadline, () => nextEvents(client, workflowIdOf(requestId), after));
    try {
      return await waits.wait(poll, bounds);
    } catch (error) {
      throw signal?.aborted ? signal.reason : translated(error, requestId, server);
    }
  }
}

/** What is news. What it waits for in between moves with every poll, and is none. */
export function changeOf({ status, providerRequestId, error, resolution, cancellation }: RequestSnapshot): string {
  return JSON.stringify([status, providerRequestId, error, resolution, cancellation]);
}
