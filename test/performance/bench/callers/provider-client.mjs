import { createCallBudget, createProviderClient } from 'durable-external-api/worker';
import { MAX_CONNECTIONS } from '../work.mjs';

/** Our provider client without Temporal, configured as a worker is by default. */
export function createProviderClientCaller({ provider: { url, apiKey, clientId, clientSecret } }) {
  const client = createProviderClient({
    baseUrl: new URL(url),
    apiKey,
    oauth: { clientId, clientSecret, clientAuth: 'body' },
    timeoutMs: 30_000,
    connectTimeoutMs: 5_000,
    maxConnections: MAX_CONNECTIONS,
    // The budget is measured by itself.
    budget: createCallBudget({ limit: 1_000_000 }),
    observer: { called: () => {}, tokenRefreshed: () => {} },
  });
  return async ({ id, data, polled }) => {
    const context = { requestId: id, retryCount: 0 };
    const options = { async: polled, callbackUrl: null };
    const { providerRequestId } = await client.process({ data, options, idempotencyKey: id }, context);
    if (polled) await client.status(providerRequestId, context);
  };
}
