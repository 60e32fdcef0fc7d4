import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { type ExternalApiClient, NothingToDeliverError, TemporalUnavailableError } from 'durable-external-api';
import { startForbiddenDeliveries } from './forbidden-deliveries.ts';
import type { Accepted } from './load.ts';
import { takes } from './receiver-kinds.ts';

const LOOK_EVERY_MS = 1_000;
/** The attempt of a worker that died is made again after two minutes. */
const WITHIN_MS = 3 * 60_000;
/** Longer than the first spacing, 5 s. */
const LONG_MS = 60_000;

export interface DeliveredAll {
  /** By a person. */
  sentAgain: number;
  /** That were not told in time. */
  pending: number;
  /** To forbidden addresses: that were tried. */
  forbidden: number;
}

/**
 * Starts some to where none may go, and waits until every end is told; of those that nobody takes, until each had an attempt.
 * What waits for minutes is sent again, as a person does who knows that its receiver is back.
 */
export async function deliverAll({
  client,
  temporal,
  accepted,
  provider,
  forbiddenUrls,
}: {
  client: ExternalApiClient;
  temporal: Client;
  /** By request_id. */
  accepted: ReadonlyMap<string, Accepted>;
  /** Undefined: the built-in one. */
  provider: string | undefined;
  forbiddenUrls: readonly string[];
}): Promise<DeliveredAll> {
  const [requestId = ''] = accepted.keys();
  await startForbiddenDeliveries({ temporal, client, requestId, provider, urls: forbiddenUrls });
  const total = { sentAgain: 0, pending: Infinity, forbidden: 0 };
  let fewest = Infinity;
  let deadline = Date.now() + WITHIN_MS;
  while (total.pending > 0 && Date.now() < deadline) {
    await delay(LOOK_EVERY_MS);
    total.pending = 0;
    total.forbidden = 0;
    for await (const { requestId: told, attempts, nextAttemptAt } of client.deliveries.list({ status: 'pending' })) {
      const receiver = accepted.get(told)?.callback?.receiver;
      const isTried = (attempts ?? 0) > 0;
      if (receiver === undefined && isTried) total.forbidden += 1;
      if (isTried && (receiver === undefined || !takes(receiver))) continue;
      total.pending += 1;
      const isLate = nextAttemptAt !== null && Date.parse(nextAttemptAt) - Date.now() > LONG_MS;
      if (isTried && isLate) total.sentAgain += await sendAgain(client, told);
    }
    if (total.pending < fewest) deadline = Date.now() + WITHIN_MS;
    fewest = Math.min(fewest, total.pending);
  }
  return total;
}

async function sendAgain(client: ExternalApiClient, requestId: string): Promise<number> {
  try {
    await client.deliveries.redeliver(requestId, { by: 'fault lab', reason: 'its receiver is back' });
    return 1;
  } catch (error) {
    // The list was older than the truth, or the answer is late: the next look will tell.
    if (error instanceof NothingToDeliverError || error instanceof TemporalUnavailableError) return 0;
    throw error;
  }
}
