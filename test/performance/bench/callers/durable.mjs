import { ExternalApiClient, TemporalUnavailableError } from 'durable-external-api';

/** A service that waits for the result of each of its requests. */
export function createDurableCaller({ temporalAddress }) {
  const temporal = { connectionOptions: { address: temporalAddress }, namespace: 'default' };
  const client = ExternalApiClient.connect({ temporal });

  /** A thousand starts at once can be more than the server answers in time. A service would repeat with its key. */
  async function start(input, repeated = 0) {
    try {
      return { handle: await client.process(input), repeated };
    } catch (error) {
      if (!(error instanceof TemporalUnavailableError) || repeated === 10) throw error;
      return await start(input, repeated + 1);
    }
  }

  return async ({ data, polled }) => {
    const { handle, repeated } = await start({ data, options: { async: polled } });
    await handle.result();
    return { workflowId: `external-api/${handle.requestId}`, repeatedStarts: repeated };
  };
}
