import type { ExternalApiClient } from '../client/external-api-client.ts';

/** Runs `use` with a client of the configured Temporal server, and closes it. */
export async function withClient<Result>(use: (client: ExternalApiClient) => Promise<Result>): Promise<Result> {
  // Only now: the Temporal SDK takes longer to load than it takes to find a mistake in the command line.
  const [{ ExternalApiClient }, { budgetFrom }, { configOfCommand }, { explained }] = await Promise.all([
    import('../client/external-api-client.ts'),
    import('../client/budget-source.ts'),
    import('./config-of-command.ts'),
    import('./explain-no-answer.ts'),
  ]);
  const { temporal, provider, requestDeadlineMs, unknownHoldMs, targets, workerUrl, workerUrlFrom } = configOfCommand();
  const client = ExternalApiClient.connect({
    temporal,
    provider,
    defaultDeadline: requestDeadlineMs,
    defaultUnknownHold: unknownHoldMs,
    deliveryTargets: targets,
    budget: budgetFrom(workerUrl, workerUrlFrom),
  });
  try {
    return await use(client);
  } catch (error) {
    throw await explained(error, temporal);
  } finally {
    await client.close();
  }
}
