import { type ExternalApiClient, NothingToDecideError, TemporalUnavailableError } from 'durable-external-api';
import type { LedgerEntry } from 'durable-external-api/testing';
import { mapConcurrently } from './concurrently.ts';

const BY = 'fault lab';

export interface Decided {
  adopted: number;
  resubmitted: number;
}

/**
 * Decides as a person who may look into the provider's books: what was executed is adopted, what was not is submitted
 * again.
 *
 * @param options `ledger` as it is now, when nothing is on its way
 */
export async function decideAll({
  client,
  ledger,
}: {
  client: ExternalApiClient;
  ledger: readonly Readonly<LedgerEntry>[];
}): Promise<Decided> {
  const executed = new Map(
    ledger
      .filter((entry) => entry.endpoint === '/process' && entry.executed)
      .map(({ idempotencyKey, providerRequestId }) => [idempotencyKey, providerRequestId]),
  );
  const unknown: string[] = [];
  for await (const { requestId } of client.list({ status: 'outcome_unknown' })) unknown.push(requestId);

  const decided: Decided = { adopted: 0, resubmitted: 0 };
  await mapConcurrently(unknown, 8, async (requestId) => {
    const providerRequestId = executed.get(requestId);
    try {
      if (providerRequestId) {
        const reason = 'the provider executed it';
        await client.resolve(requestId, { decision: 'adopt', providerRequestId, reason, by: BY });
        decided.adopted += 1;
      } else {
        const reason = 'the provider never executed it';
        await client.resolve(requestId, { decision: 'resubmit', reason, by: BY });
        decided.resubmitted += 1;
      }
    } catch (error) {
      // It was decided and the answer was lost, or the list was older than the truth: the next round will tell.
      if (!(error instanceof NothingToDecideError) && !(error instanceof TemporalUnavailableError)) throw error;
    }
  });
  return decided;
}
