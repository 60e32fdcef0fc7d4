import { NothingToDecideError, TemporalUnavailableError } from 'durable-external-api';
import { mapConcurrently } from './concurrently.mjs';

const BY = 'fault lab';

/**
 * Decides as a person who may look into the provider's books: what was executed is adopted, what was not is submitted
 * again.
 *
 * @param {{ client: import('durable-external-api').ExternalApiClient, ledger: readonly object[] }} options `ledger` as it
 *   is now, when nothing is on its way
 * @returns {Promise<{ adopted: number, resubmitted: number }>}
 */
export async function decideAll({ client, ledger }) {
  const executed = new Map(
    ledger
      .filter((entry) => entry.endpoint === '/process' && entry.executed)
      .map(({ idempotencyKey, providerRequestId }) => [idempotencyKey, providerRequestId]),
  );
  const unknown = [];
  for await (const { requestId } of client.list({ status: 'outcome_unknown' })) unknown.push(requestId);

  const decided = { adopted: 0, resubmitted: 0 };
  await mapConcurrently(unknown, 8, async (requestId) => {
    const providerRequestId = executed.get(requestId);
    const decision =
      providerRequestId === undefined
        ? { decision: 'resubmit', reason: 'the provider never executed it' }
        : { decision: 'adopt', providerRequestId, reason: 'the provider executed it' };
    try {
      await client.resolve(requestId, { ...decision, by: BY });
      decided[decision.decision === 'adopt' ? 'adopted' : 'resubmitted'] += 1;
    } catch (error) {
      // It was decided and the answer was lost, or the list was older than the truth: the next round will tell.
      if (!(error instanceof NothingToDecideError) && !(error instanceof TemporalUnavailableError)) throw error;
    }
  });
  return decided;
}
