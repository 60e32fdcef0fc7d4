import type { CallBudget } from '#product/call-budget/call-budget.js';
import { createCallBudget } from '#product/call-budget/create-call-budget.js';
import { BUILT_IN_PROVIDER } from '#product/contract/names.js';
import { loadProfile } from '#product/profile/load-profile.js';
import { createProviderClient } from '#product/provider/provider-client.js';
import { MAX_CONNECTIONS, type CLIENT_BUDGETS } from '../work.ts';
import type { Caller, CallerEnvironment } from './caller.ts';

/** Our provider client without Temporal, configured as a worker is by default, but for its limit. */
export async function createProviderClientCaller(
  { provider: { url, apiKey, clientId, clientSecret } }: CallerEnvironment,
  { callsBefore, ...limit }: (typeof CLIENT_BUDGETS)[keyof typeof CLIENT_BUDGETS],
): Promise<Caller> {
  const budget = createCallBudget({
    ...limit,
    longestCallMs: 60_000,
    longestHeldMs: 30_000,
    outageAfter: 10,
    probeMs: 5_000,
    backoffMs: 1_000,
  });
  await fill(budget, callsBefore);
  const client = createProviderClient({
    profile: loadProfile(BUILT_IN_PROVIDER),
    baseUrl: new URL(url),
    credentials: { apiKey, clientId, clientSecret },
    timeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    maxConnections: MAX_CONNECTIONS,
    budget,
    observer: { called: () => {}, tokenRefreshed: () => {} },
  });
  return async ({ id, data, polled }) => {
    const context = { requestId: id };
    const options = { async: polled, callbackUrl: null };
    const { providerRequestId } = await client.process({ data, options, idempotencyKey: id }, context);
    if (polled) {
      if (providerRequestId === null) throw new Error('The provider gave no id for asynchronous work.');
      await client.status(providerRequestId, context);
    }
    return {};
  };
}

async function fill(budget: CallBudget, calls: number): Promise<void> {
  for (let n = 0; n < calls; n++) await budget.ended(await budget.enter('interactive', 'submit'), { type: 'answered' });
}
