import {
  ExternalApiClient,
  type ProcessInput,
  type RequestHandle,
  TemporalUnavailableError,
} from 'durable-external-api';
import { workflowIdOf } from '#product/contract/names.js';
import { type Caller, type CallerEnvironment, temporalAddressOf } from './caller.ts';

/** A service that waits for the result of each of its requests. */
export function createDurableCaller(environment: CallerEnvironment): Caller {
  const temporal = {
    connectionOptions: { address: temporalAddressOf(environment) },
    namespace: environment.namespace ?? 'default',
  };
  const client = ExternalApiClient.connect({ temporal });

  /** A thousand starts at once can be more than the server answers in time. A service would repeat with its key. */
  async function start(input: ProcessInput, repeated = 0): Promise<{ handle: RequestHandle; repeated: number }> {
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
    return { workflowId: workflowIdOf(handle.requestId), repeatedStarts: repeated };
  };
}
