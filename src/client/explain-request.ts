import type { Client } from '@temporalio/client';
import type { BudgetSource, ProviderBudget } from './budget-source.ts';
import { PATIENT, type Reading } from './read-snapshot.ts';
import { readPollers } from './server-pollers.ts';
import { why, type Why } from './why.ts';

/** Why a request is where it is, with what else can be found out about it. */
export async function explainRequest(
  client: Client,
  { snapshot, lastFailure, budget: read }: Reading,
  budgetOf: ProviderBudget,
  source: Pick<BudgetSource, 'address' | 'addressFrom'>,
): Promise<Why> {
  const { waitingFor, stale, provider } = snapshot;
  const lacksWorker = waitingFor === null ? stale : waitingFor.reason === 'worker';
  const budget = read ?? (waitingFor !== null || stale ? await budgetOf(provider)?.(PATIENT.budgetMs) : null) ?? null;
  const view = budget?.view ?? null;
  // Whoever is slow is not gone: before a worker is called missing, the server is asked whether it has heard of one.
  const pollers = lacksWorker && view === null ? await readPollers(client, provider ?? undefined) : null;
  const { address = null, addressFrom = null } = source;
  const worker = { workerAddress: address, workerAddressFrom: addressFrom, workerProblem: budget?.problem ?? null };
  return why(snapshot, { lastFailure, budget: view, ...worker, pollers }, new Date());
}
