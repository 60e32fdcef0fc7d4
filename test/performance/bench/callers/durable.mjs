import { ExternalApiClient } from 'durable-external-api';

/** A service that waits for the result of each of its requests. */
export function createDurableCaller({ temporalAddress }) {
  const temporal = { connectionOptions: { address: temporalAddress }, namespace: 'default' };
  const client = ExternalApiClient.connect({ temporal });
  return async ({ data, polled }) => {
    const handle = await client.process({ data, options: { async: polled } });
    await handle.result();
    return { workflowId: `external-api/${handle.requestId}` };
  };
}
